r"""What to trace, as one readable string.

    alice receive when message.amount > 100 -> state, stack
    \___/ \_____/ \_______________________/    \__________/
    whom   what          condition              what to show

    pattern   = whom {"," whom}  what {"," what}  ["when" condition]  ["->" show {"," show}]
    whom      = "all" | "new" | pid | name | "behaviour" name [":" name] | "under" (pid | name)
    what      = kind | group | module ":" function [ "(" [argument {"," argument}] ")" | "/" arity ]
    argument  = word | "_" | literal
    condition = a comparison, or several with and, or, not and brackets: took > 5ms and not (message is Ping)
    show      = "state" | "return" | "stack" | "nothing"

    text --tokens--> tokens --parser--> tree --matcher--> closures over events
         '-completion--> words that could come next

Nothing is evaluated as Python. What a condition reads of a value is read without running code of its class (`reading`), so a
pattern can neither raise nor hang in the step of a process.
"""

from .completion import Completion, Known, complete
from .dangers import dangers, trigger_dangers
from .errors import PatternError
from .matcher import Matcher
from .parser import parse
from .scope import Subject
from .tree import Pattern
from .vain import classes, never_there

__all__ = [
    "Completion",
    "Known",
    "Matcher",
    "Pattern",
    "PatternError",
    "Subject",
    "classes",
    "complete",
    "dangers",
    "never_there",
    "parse",
    "trigger_dangers",
]  # fmt: skip
