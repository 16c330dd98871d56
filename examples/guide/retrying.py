"""What is tried again and what is not: python retrying.py deepseek/deepseek-flash

Every provider's own refusals are seen, also those that come inside a good status: a busy model is asked
again after a pause, a wrong key never is.
"""

import sys

import baimo


def ask(client: baimo.Client, model: str, prompt: str) -> str:
    """The answer; the last error in words where there is none."""
    try:
        return client.chat(model, prompt).text
    except baimo.AuthError as error:
        return f"the key is refused, asking again cannot help: {error}"
    except baimo.RateLimitedError as error:
        return f"too many requests, even after {error.attempts} attempts: {error}"
    except baimo.Error as error:
        return f"{error.code} after {error.attempts} attempts: {error}"


def tell(retry: baimo.Retrying) -> None:
    """Called before each further attempt."""
    why = retry.error.code
    print(f"{retry.provider}: {why}, attempt {retry.attempt}/{retry.attempts} in {retry.wait_s:.1f} s")


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "local/smollm2"
    with baimo.Client(max_retries=3, on_retry=tell) as client:
        print(ask(client, model, "你好"))


if __name__ == "__main__":
    main()
