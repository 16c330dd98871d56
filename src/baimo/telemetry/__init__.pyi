# What type checkers see of the names that are loaded when they are first used.
from baimo.telemetry.log import Logging as Logging
from baimo.telemetry.otel import OpenTelemetry as OpenTelemetry
from baimo.telemetry.prometheus import Prometheus as Prometheus
from baimo.telemetry.redaction import RedactingFilter as RedactingFilter
from baimo.telemetry.redaction import redact as redact
