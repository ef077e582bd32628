"""The tool of the provider `maths`: what an expression comes to. Computed in the sandbox; knows no numbers itself."""

import ast

from parlour.domain.problems import CodeFailed, ToolFailed
from parlour.ports.tools import Outcome
from parlour.tools.tool import Builtin, Given, string

LONGEST = 2000
"""Characters of an expression."""
FUNCTIONS = (
    *("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh"),
    *("tanh", "floor", "ceil", "factorial", "gcd", "degrees", "radians", "hypot", "pow", "fabs"),
)
CONSTANTS = frozenset({"pi", "e", "tau", "abs", "round", "min", "max", "sum"})
"""Names that need no definition, or have one."""
ARITHMETIC = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, ast.Tuple, ast.List),
    *(ast.operator, ast.unaryop, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.IfExp),
)


async def eval_expression(given: Given) -> Outcome:
    written = given.text("expression").strip().replace("^", "**").replace("×", "*").replace("÷", "/")
    functions = "\n    ".join(f"{name} = math.{name}" for name in used(written))
    code = f"import math\n\ndef main():\n    pi, e, tau = math.pi, math.e, math.tau\n    {functions or 'pass'}\n"
    try:
        found = await given.reach.sandbox.run("python3", f"{code}    return str({written})\n", {})
    except CodeFailed as failed:
        raise ToolFailed(f"{written!r} cannot be computed: {failed.message}") from None
    return Outcome(str(found))


def used(expression: str) -> list[str]:
    """The functions in an expression that is nothing but arithmetic.

    Raises:
        ToolFailed: it is not.
    """
    if not expression or len(expression) > LONGEST:
        raise ToolFailed(f"an expression of at most {LONGEST} characters is needed, such as (1 + 2) * sqrt(9)")
    try:
        nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ToolFailed(f"{expression!r} is no expression such as (1 + 2) * sqrt(9)") from None
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    strange = [type(node).__name__ for node in nodes if not isinstance(node, ARITHMETIC)]
    if strange or names - set(FUNCTIONS) - CONSTANTS:
        known = ", ".join((*CONSTANTS, *FUNCTIONS))
        raise ToolFailed(f"{expression!r} is more than arithmetic; names that are known: {known}")
    return sorted(names - CONSTANTS)


TOOLS = (
    Builtin(
        "eval_expression",
        "Evaluate Math Expression",
        "Computes a mathematical expression: numbers, + - * / % **, brackets, and functions such as sqrt, log or sin.",
        eval_expression,
        {"expression": string("the expression, such as (1 + 2) * sqrt(9)")},
        ("expression",),
    ),
)
