# What type checkers see of the names that are loaded when they are first used.
from baimo.client.signing import SignedRequest as SignedRequest
from baimo.client.signing import explain as explain
from baimo.client.signing import sign as sign
from baimo.client.signing import spark_url as spark_url
from baimo.client.tokens import Token as Token
from baimo.client.tokens import aiam_token as aiam_token
from baimo.client.tokens import iam_token as iam_token
