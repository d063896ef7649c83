"""Where a parser is in the tokens of a pattern, and how it says what it has expected."""

from __future__ import annotations

from typing import NoReturn

from .errors import PatternError
from .tokens import Token, tokens

__all__ = ["Cursor"]


class Cursor:
    """The tokens of a pattern, one after the other.

    Args:
        pattern: the text.
        last: the form of the token after the last. Optional. Defaults to the end.

    Raises:
        PatternError: there is something in it that is no token.
    """

    def __init__(self, pattern: str, last: str = "end") -> None:
        self.pattern = pattern
        self._tokens = tokens(pattern, last)
        self._at = 0

    @property
    def token(self) -> Token:
        """The one to be read next."""
        return self._tokens[self._at]

    @property
    def ahead(self) -> Token:
        """The one after that."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Read a token. The end can be read again and again."""
        token = self.token
        if token.form not in {"end", "gap"}:
            self._at += 1
        return token

    def at(self, *texts: str) -> bool:
        """Whether one of these words or signs is next."""
        return self.token.form in {"word", "sign"} and self.token.text in texts

    def skip(self, *texts: str) -> bool:
        """Read one of these, if it is next."""
        found = self.at(*texts)
        if found:
            self.take()
        return found

    def expect(self, sign: str, *others: str) -> None:
        """Read this; `others` might have stood here too.

        Raises:
            PatternError: something else is next.
        """
        if not self.skip(sign):
            self.wrong(f"`{sign}` is missing", sign, *others)

    def word(self, what: str, *legal: str) -> str:
        """Read a word.

        Raises:
            PatternError: something else is next.
        """
        if self.token.form != "word":
            self.wrong(f"{what} is missing", *(legal or ("a word",)))
        return self.take().text

    def dotted(self, what: str, *legal: str) -> str:
        """Read words with points between them: `bank.accounts`."""
        words = [self.word(what, *legal)]
        while self.skip("."):
            words.append(self.word("the rest of the name", *legal))
        return ".".join(words)

    def wrong(self, problem: str, *legal: str, token: Token | None = None) -> NoReturn:
        """Refuse what is next, or `token`.

        Raises:
            PatternError: always.
        """
        token = token or self.token
        if token.form == "end":
            problem = f"{problem}: the pattern ends here" if "missing" not in problem else problem
        raise PatternError(self.pattern, token.column, problem, legal)
