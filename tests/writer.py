"""LibreOffice Writer at work, run by a Python that has its `uno` module: edits as a person makes them, saved as DOCX.

`python3 writer.py PROFILE` reads one request a line as JSON, {"open", "save", "author", "record", "steps"}, and
answers each with a line, `ok` or what went wrong; at the end of the requests Writer is ended.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import uno  # type: ignore[import-not-found]
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]

PAUSE, TRIES = 0.2, 300


def values(**named: object) -> tuple[object, ...]:
    return tuple(PropertyValue(name, 0, value, 0) for name, value in named.items())


class Writer:
    """A Writer of its own profile, reached through a pipe."""

    def __init__(self, profile: Path) -> None:
        pipe = f"baocao-{profile.name}-{time.time_ns()}"
        accept = f"--accept=pipe,name={pipe};urp;StarOffice.ComponentContext"
        options = ["--headless", "--norestore", "--nologo", f"-env:UserInstallation={profile.as_uri()}"]
        # In a group of its own, because the program is a script that starts others.
        self._process = subprocess.Popen(["soffice", *options, accept], start_new_session=True)
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        for attempt in range(TRIES):
            try:
                self._context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except Exception as error:  # the pipe is not there yet: pyuno has no narrower class
                if attempt == TRIES - 1 or self._process.poll() is not None:
                    self._end()
                    raise RuntimeError("Writer does not answer") from error
                time.sleep(PAUSE)
        self._manager = self._context.ServiceManager
        self._desktop = self._make("com.sun.star.frame.Desktop")

    def _make(self, name: str):  # type: ignore[no-untyped-def]
        return self._manager.createInstanceWithContext(name, self._context)

    def close(self) -> None:
        try:
            self._desktop.terminate()
            self._process.wait(20)
        finally:
            self._end()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def edit(self, request: dict) -> None:  # type: ignore[type-arg]
        self._sign(request.get("author", ""))
        hidden = values(Hidden=True)
        document = self._desktop.loadComponentFromURL(Path(request["open"]).as_uri(), "_blank", 0, hidden)
        try:
            document.RecordChanges = bool(request.get("record"))
            for name, *arguments in request["steps"]:
                getattr(Steps(document, self._make), name)(*arguments)
            stored = values(FilterName="MS Word 2007 XML")
            document.storeToURL(Path(request["save"]).as_uri(), stored)
        finally:
            document.close(True)

    def _sign(self, author: str) -> None:
        provider = self._make("com.sun.star.configuration.ConfigurationProvider")
        path = values(nodepath="/org.openoffice.UserProfile/Data")
        access = provider.createInstanceWithArguments("com.sun.star.configuration.ConfigurationUpdateAccess", path)
        access.setPropertyValue("givenname", author)
        access.commitChanges()


class Steps:
    """What a person does in a document; each step is a method."""

    def __init__(self, document, make) -> None:  # type: ignore[no-untyped-def]
        self._document = document
        self._make = make

    def _find(self, words: str):  # type: ignore[no-untyped-def]
        search = self._document.createSearchDescriptor()
        # Blanks and hyphens that must not break are the common ones to who looks for words.
        either = {" ": "[ \u00a0]", "-": "[-\u2011]", "/": "/\u2060?"}
        search.SearchString = "".join(either.get(letter, re.escape(letter)) for letter in words)
        search.SearchRegularExpression = True
        search.SearchCaseSensitive = True
        found = self._document.findFirst(search)
        if found is None:
            raise LookupError(words)
        return found

    def _around(self, words: str):  # type: ignore[no-untyped-def]
        """A cursor over the paragraph that has these words."""
        found = self._find(words)
        cursor = found.Text.createTextCursorByRange(found.Start)
        cursor.gotoStartOfParagraph(False)
        cursor.gotoEndOfParagraph(True)
        return cursor

    def _dispatch(self, command: str, **named: object) -> None:
        dispatcher = self._make("com.sun.star.frame.DispatchHelper")
        frame = self._document.CurrentController.Frame
        dispatcher.executeDispatch(frame, f".uno:{command}", "", 0, values(**named))

    def _table(self, words: str):  # type: ignore[no-untyped-def]
        """Table and name of the cell that has these words."""
        found = self._find(words)
        return found.TextTable, found.Cell.CellName

    def replace(self, words: str, others: str) -> None:
        self._find(words).String = others

    def replace_all(self, words: str, others: str) -> None:
        replacing = self._document.createReplaceDescriptor()
        replacing.SearchString, replacing.ReplaceString = words, others
        replacing.SearchCaseSensitive = True
        if not self._document.replaceAll(replacing):
            raise LookupError(words)

    def insert(self, words: str, others: str) -> None:
        """Type `others` behind `words`."""
        found = self._find(words)
        found.Text.insertString(found.End, others, False)

    def split(self, words: str) -> None:
        """Press Enter behind `words`."""
        found = self._find(words)
        found.Text.insertControlCharacter(found.End, 0, False)

    def join(self, words: str) -> None:
        """Delete the mark of the paragraph that has these words, and set a blank."""
        cursor = self._around(words)
        cursor.collapseToEnd()
        cursor.goRight(1, True)
        cursor.String = " "

    def add(self, words: str, paragraph: str) -> None:
        """A new paragraph behind the one that has `words`."""
        cursor = self._around(words)
        cursor.collapseToEnd()
        cursor.Text.insertControlCharacter(cursor, 0, False)
        cursor.Text.insertString(cursor, paragraph, False)

    def delete(self, words: str) -> None:
        """Delete the whole paragraph, its mark included."""
        cursor = self._around(words)
        cursor.goRight(1, True)
        cursor.String = ""

    def cell(self, words: str, column: str, others: str) -> None:
        """Set the cell in `column` of the row of `words`."""
        table, name = self._table(words)
        table.getCellByName(column + name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")).String = others

    def delete_row(self, words: str) -> None:
        self._document.CurrentController.select(self._find(words))
        self._dispatch("DeleteRows")

    def add_row(self, words: str, *cells: str) -> None:
        """A row behind that of `words`."""
        table, name = self._table(words)
        row = int(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        table.Rows.insertByIndex(row, 1)
        for column, text in zip("ABCDEFGHIJ", cells, strict=False):
            table.getCellByName(f"{column}{row + 1}").String = text

    def move(self, words: str, others: str) -> None:
        """Cut the paragraph that has `words`, paste it before the one that has `others`."""
        cursor = self._around(words)
        text = cursor.String
        cursor.goRight(1, True)
        cursor.String = ""
        target = self._around(others)
        target.collapseToStart()
        target.Text.insertString(target, text, False)
        target.Text.insertControlCharacter(target, 0, False)

    def bold(self, words: str) -> None:
        self._find(words).CharWeight = 150.0

    def comment(self, words: str, content: str) -> None:
        note = self._document.createInstance("com.sun.star.text.textfield.Annotation")
        note.Content, note.Author = content, "Lê Văn Hùng"
        found = self._find(words)
        found.Text.insertTextContent(found, note, True)

    def footnote(self, words: str, content: str) -> None:
        note = self._document.createInstance("com.sun.star.text.Footnote")
        found = self._find(words)
        found.Text.insertTextContent(found.End, note, False)
        note.String = content

    def endnote(self, words: str, content: str) -> None:
        note = self._document.createInstance("com.sun.star.text.Endnote")
        found = self._find(words)
        found.Text.insertTextContent(found.End, note, False)
        note.String = content

    def text_box(self, words: str, content: str) -> None:
        frame = self._document.createInstance("com.sun.star.text.TextFrame")
        frame.Width, frame.Height = 6000, 2000
        found = self._find(words)
        found.Text.insertTextContent(found.End, frame, False)
        frame.String = content

    def header(self, content: str) -> None:
        for style in self._styles():
            if style.HeaderIsOn:
                style.HeaderText.insertString(style.HeaderText.End, content, False)

    def footer(self, content: str) -> None:
        for style in self._styles():
            style.FooterIsOn = True
            style.FooterText.String = content

    def _styles(self):  # type: ignore[no-untyped-def]
        styles = self._document.StyleFamilies.getByName("PageStyles")
        return list(map(styles.getByName, styles.ElementNames))

    def _pictures(self):  # type: ignore[no-untyped-def]
        pictures = self._document.GraphicObjects
        return [pictures.getByIndex(index) for index in range(pictures.Count)]

    def delete_picture(self, number: int) -> None:
        picture = self._pictures()[number]
        picture.Anchor.Text.removeTextContent(picture)

    def replace_picture(self, number: int, path: str) -> None:
        self._pictures()[number].Graphic = self._graphic(path)

    def add_picture(self, words: str, path: str) -> None:
        picture = self._document.createInstance("com.sun.star.text.TextGraphicObject")
        picture.Graphic = self._graphic(path)
        picture.Width, picture.Height = 3000, 3000
        found = self._find(words)
        found.Text.insertTextContent(found.End, picture, False)

    def _graphic(self, path: str):  # type: ignore[no-untyped-def]
        provider = self._make("com.sun.star.graphic.GraphicProvider")
        return provider.queryGraphic(values(URL=Path(path).as_uri()))

    def accept(self, words: str) -> None:
        """Accept the tracked change at these words."""
        self._document.CurrentController.select(self._find(words))
        self._dispatch("AcceptTrackedChange")

    def reject(self, words: str) -> None:
        """Reject the tracked change at these words."""
        self._document.CurrentController.select(self._find(words))
        self._dispatch("RejectTrackedChange")

    def move_down(self, words: str) -> None:
        """Move the paragraph behind the next one, as Ctrl+Alt+Down does."""
        self._document.CurrentController.select(self._find(words))
        self._dispatch("MoveDown")


def main() -> None:
    writer = Writer(Path(sys.argv[1]))
    try:
        for line in sys.stdin:
            try:
                writer.edit(json.loads(line))
                answer = "ok"
            except Exception as error:  # told to the test, which fails with it
                answer = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(answer, flush=True)
    finally:
        writer.close()


main()
