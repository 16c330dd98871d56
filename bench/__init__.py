"""Side-by-side measurements of Baimo, bare HTTP clients and other libraries: see docs/benchmarks.md."""
