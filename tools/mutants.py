# promlite: all mutants of a header, compiled into one and chosen at run time.
# SPDX-License-Identifier: MIT
"""schemata(bytes, path, arguments) -> (text, mutants)

`text` is the header in which every place that can be changed asks PROMLITE_MUTANT(n) whether it is: `a < b` becomes
`(PROMLITE_MUTANT(1) ? (a <= b) : (a < b))`. The copy that is taken when it is changed is as it was written, and the one
that is taken otherwise holds the changes of the parts: the text grows with the depth of the expressions alone. Line
numbers stay as they are. Memory orders are left alone: tests/concurrency/memory_model weakens them one by one."""

import dataclasses
import re

import clang.cindex
from clang.cindex import CursorKind as Kind, TypeKind

FUNCTIONS = {Kind.FUNCTION_DECL, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.FUNCTION_TEMPLATE,
             Kind.CONVERSION_FUNCTION}
LOOPS = {Kind.WHILE_STMT, Kind.DO_STMT, Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT}
LITERALS = {Kind.INTEGER_LITERAL, Kind.FLOATING_LITERAL, Kind.CHARACTER_LITERAL, Kind.CXX_BOOL_LITERAL_EXPR,
            Kind.CXX_NULL_PTR_LITERAL_EXPR}
TYPES = {Kind.STATIC_ASSERT, Kind.TYPE_ALIAS_DECL, Kind.TYPEDEF_DECL, Kind.USING_DECLARATION, Kind.ALIGNED_ATTR}
BODIES = {Kind.COMPOUND_STMT, Kind.CASE_STMT, Kind.DEFAULT_STMT}
INTEGERS = {TypeKind.CHAR_U, TypeKind.UCHAR, TypeKind.USHORT, TypeKind.UINT, TypeKind.ULONG, TypeKind.ULONGLONG,
            TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.SHORT, TypeKind.INT, TypeKind.LONG, TypeKind.LONGLONG}
NUMBERS = INTEGERS | {TypeKind.FLOAT, TypeKind.DOUBLE}
REPLACEMENTS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
                "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "%": ("*",), "<<": (">>",), ">>": ("<<",),
                "&": ("|",), "|": ("&",), "^": ("&",), "&&": ("||",), "||": ("&&",), "+=": ("-=",), "-=": ("+=",),
                "*=": ("/=",), "/=": ("*=",), "<<=": (">>=",), ">>=": ("<<=",), "&=": ("|=",), "|=": ("&=",),
                "^=": ("&=",)}
OVERLOADED = {"<", "<=", ">", ">=", "==", "!="}
COMPARISONS = OVERLOADED


@dataclasses.dataclass
class Mutant:
    """One change: `before` becomes `after`. `constant`: it stands where a compiler evaluates."""
    number: int
    line: int
    before: str
    after: str
    constant: bool


@dataclasses.dataclass
class Place:
    """Bytes start .. end and what may be there instead; `form` holds the rest, with `{}` for it."""
    start: int
    end: int
    form: str
    numbers: list
    parts: list = dataclasses.field(default_factory=list)


class Finder:
    """Walks a header's functions and finds its mutants."""

    def __init__(self, source):
        self.source = source
        self.mutants = []
        self.places = []
        self.constant = False

    def text(self, start, end):
        # Comments and line ends become blanks, but not in strings.
        return re.sub(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?:\s|//[^\n]*)+""", lambda found: found[1] or " ",
                      self.source[start:end].decode()).strip()

    def span(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def text_of(self, cursor):
        return self.text(*self.span(cursor))

    def add(self, cursor, changes, form="{}", choice="({} ? ({}) : {})"):
        """`changes`: (what the copy says, what people read) for each mutant of the place."""
        start, end = self.span(cursor)
        before = self.text(start, end)
        numbers = []
        opened = form
        for code, said in reversed(changes):
            number = len(self.mutants) + 1
            line = self.source.count(b"\n", 0, start) + 1
            self.mutants.append(Mutant(number, line, before, said, self.constant))
            numbers.append(number)
            opened = choice.format(f"PROMLITE_MUTANT({number})", code.replace("{", "{{").replace("}", "}}"), opened)
        if numbers:
            self.places.append(Place(start, end, opened, numbers))

    # What is walked into: bodies of functions, initialisers of members, constants.
    def declarations(self, cursor, path):
        for child in cursor.get_children():
            if child.location.file is None or child.location.file.name != path:
                continue
            if child.kind in FUNCTIONS:
                self.function(child)
            elif child.kind in (Kind.FIELD_DECL, Kind.VAR_DECL):
                self.variable(child)
            elif child.kind in (Kind.NAMESPACE, Kind.CLASS_DECL, Kind.STRUCT_DECL, Kind.CLASS_TEMPLATE,
                                Kind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION, Kind.UNEXPOSED_DECL, Kind.LINKAGE_SPEC):
                self.declarations(child, path)

    def function(self, cursor):
        head = self.source[cursor.extent.start.offset:cursor.extent.end.offset].split(b"{")[0]
        constant, self.constant = self.constant, self.constant or b"constexpr" in head
        for child in cursor.get_children():
            if child.kind == Kind.COMPOUND_STMT or (cursor.kind == Kind.CONSTRUCTOR and child.kind.is_expression()):
                self.visit(child)
        self.constant = constant

    def variable(self, cursor):
        head = re.split(rb"[={(]", self.source[cursor.extent.start.offset:cursor.extent.end.offset])[0]
        constant, self.constant = self.constant, self.constant or b"constexpr" in head
        for child in cursor.get_children():
            # An array's length is where the declarator is, an initialiser behind it.
            if child.kind.is_expression() and child.extent.start.offset > cursor.location.offset:
                self.visit(child)
        self.constant = constant

    def visit(self, cursor, statement=False, tested=False):
        """`statement`: its value is not used; `tested`: it is a condition, whose outcomes are mutants already."""
        kind = cursor.kind
        children = list(cursor.get_children())
        if kind in TYPES:
            return
        if kind == Kind.VAR_DECL:
            self.variable(cursor)
            return
        if statement and kind.is_expression():
            self.delete(cursor)
        if kind == Kind.LAMBDA_EXPR:
            children = [c for c in children if c.kind == Kind.COMPOUND_STMT]
        elif kind == Kind.IF_STMT:
            self.branch(cursor, children)
            return
        elif kind in LOOPS:
            self.loop(cursor, children)
            return
        elif kind == Kind.CONDITIONAL_OPERATOR:
            self.outcomes(children[0])
        elif kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR):
            self.operator(cursor, children, tested)
        elif kind == Kind.CALL_EXPR and len(children) == 3:
            self.overloaded(cursor, children, tested)
        elif kind == Kind.UNARY_OPERATOR:
            self.unary(cursor, children)
        elif kind in LITERALS:
            self.literal(cursor)
        elif kind in (Kind.BREAK_STMT, Kind.CONTINUE_STMT):
            self.add(cursor, [("", "")], choice="if ({}) {{{{ {} }}}} else {}")
        elif kind == Kind.RETURN_STMT:
            self.returned(cursor, children)
        elif kind == Kind.CASE_STMT:
            constant, self.constant = self.constant, True
            self.visit(children[0])
            self.constant = constant
            children = children[1:]
        inside = kind in BODIES
        for position, child in enumerate(children):
            self.visit(child, statement=inside, tested=kind == Kind.CONDITIONAL_OPERATOR and position == 0)

    def delete(self, cursor):
        if self.text_of(cursor).startswith("static_cast<void>"):
            return
        self.add(cursor, [("void()", "")], form="void({})", choice="({} ? {} : {})")

    def outcomes(self, cursor, loop=False):
        if cursor.kind in (Kind.DECL_STMT, Kind.VAR_DECL, Kind.CXX_BOOL_LITERAL_EXPR):
            return
        said = [("false", "false")] if loop else [("true", "true"), ("false", "false")]
        self.add(cursor, said, form="static_cast<bool>({})")

    def branch(self, cursor, children):
        start = cursor.extent.start.offset
        if re.match(rb"if\s+constexpr", self.source[start:]):
            children = children[1:]
        else:
            condition = next(c for c in children if c.kind.is_expression() or c.kind in (Kind.VAR_DECL, Kind.DECL_STMT))
            self.outcomes(condition)
            self.visit(condition, tested=True)
            # A variable that is declared in the condition comes once more as what is tested.
            children = [c for c in children if c.extent.start.offset >= condition.extent.end.offset]
        for child in children:
            self.visit(child, statement=True)

    def loop(self, cursor, children):
        condition = None
        if cursor.kind == Kind.WHILE_STMT:
            condition = children[0]
        elif cursor.kind == Kind.DO_STMT:
            condition = children[-1]
        elif cursor.kind == Kind.FOR_STMT:
            first, second = self.semicolons(cursor.extent.start.offset)
            condition = next((c for c in children if first < c.extent.start.offset < second), None)
        # A condition that is always true is a loop for ever: it would but cost the time until it is ended.
        if condition is not None:
            self.outcomes(condition, loop=True)
        body = children[0] if cursor.kind == Kind.DO_STMT else children[-1]
        for child in children:
            self.visit(child, statement=child is body, tested=child is condition)

    def semicolons(self, start):
        depth, found = 0, []
        for match in re.finditer(rb"[(){};]|'[^']*'|\"[^\"]*\"|//[^\n]*", self.source[start:]):
            token = match.group()
            depth += {b"(": 1, b"{": 1, b")": -1, b"}": -1}.get(token, 0)
            if token == b";" and depth == 1:
                found.append(start + match.start())
            if len(found) == 2:
                return found
        return 0, 0

    def operator(self, cursor, children, tested):
        if len(children) != 2:
            return
        left, right = children
        sign = self.text(left.extent.end.offset, right.extent.start.offset)
        sign = sign.strip("() ") if sign.strip("() ") in REPLACEMENTS else sign
        if sign not in REPLACEMENTS:
            return
        pointers = [c.type.get_canonical().kind == TypeKind.POINTER for c in children]
        records = [c.type.get_canonical().kind == TypeKind.RECORD for c in children]
        if sign in ("+", "-") and (all(pointers) or any(records)):
            return
        start, end = self.span(cursor)
        at = self.source.index(sign.encode(), left.extent.end.offset, right.extent.start.offset)
        changes = []
        for new in REPLACEMENTS[sign][:1 if tested and sign in COMPARISONS else None]:
            code = self.text(start, at) + f" {new} " + self.text(at + len(sign), end)
            changes.append((code, code))
        if sign in ("&&", "||"):
            changes += [(f"static_cast<bool>({self.text_of(c)})", self.text_of(c)) for c in children]
        self.add(cursor, changes)

    def overloaded(self, cursor, children, tested):
        sign = self.text(children[0].extent.end.offset, children[2].extent.start.offset)
        if sign not in OVERLOADED:
            return
        start, end = self.span(cursor)
        at = children[0].extent.end.offset
        changes = []
        for new in REPLACEMENTS[sign][:1 if tested else None]:
            code = self.text(start, at) + f" {new} " + self.text(children[2].extent.start.offset, end)
            changes.append((code, code))
        self.add(cursor, changes)

    def unary(self, cursor, children):
        (start, end), (inner, behind) = self.span(cursor), self.span(children[0])
        sign, operand = self.text(start, inner) + self.text(behind, end), self.text_of(children[0])
        if sign in ("++", "--"):
            sign = "--" if sign == "++" else "++"
            code = said = sign + operand if inner > start else operand + sign
        elif sign == "!":
            code, said = f"static_cast<bool>({operand})", operand
        elif sign == "~" or (sign == "-" and children[0].kind not in (Kind.INTEGER_LITERAL, Kind.FLOATING_LITERAL)):
            code = said = operand
        else:
            return
        self.add(cursor, [(code, said)])

    def literal(self, cursor):
        text = self.text_of(cursor)
        if text in ("true", "false"):
            other = "false" if text == "true" else "true"
            self.add(cursor, [(other, other)])
        elif text.startswith("'"):
            self.add(cursor, [(f"static_cast<char>({text} {sign} 1)", f"{text} {sign} 1") for sign in "+-"])
        elif re.fullmatch(r"(0[xX][0-9A-Fa-f']+|[0-9']+)[uUlL]*|[0-9.]+([eE][-+]?[0-9]+)?", text):
            signs = "+" if re.fullmatch(r"0[uUlL]*", text) else "+-"
            self.add(cursor, [(f"{text} {sign} 1", f"{text} {sign} 1") for sign in signs])

    def returned(self, cursor, children):
        if not children or children[0].type.kind == TypeKind.VOID:
            self.add(cursor, [("", "")], choice="if ({}) {{{{ {} }}}} else {}")
            return
        value = children[0]
        while value.kind in (Kind.UNEXPOSED_EXPR, Kind.PAREN_EXPR) and len(list(value.get_children())) == 1 and \
                self.span(next(value.get_children())) == self.span(value):
            value = next(value.get_children())
        kind = value.type.get_canonical().kind
        text = self.text_of(value)
        if value.kind in LITERALS or value.kind in (Kind.INIT_LIST_EXPR, Kind.CONDITIONAL_OPERATOR):
            return
        if kind == TypeKind.BOOL:
            if value.kind != Kind.UNARY_OPERATOR and not self.compares(value):
                self.add(value, [(f"!({text})", f"!({text})")])
        elif kind in NUMBERS:
            self.add(value, [(f"promlite_mutants::next({text})", f"{text} + 1")])
        elif kind == TypeKind.POINTER:
            self.add(value, [("nullptr", "nullptr")])

    def compares(self, cursor):
        children = list(cursor.get_children())
        if cursor.kind != Kind.BINARY_OPERATOR or len(children) != 2:
            return False
        return self.text(children[0].extent.end.offset, children[1].extent.start.offset) in COMPARISONS


def render(source, start, end, places):
    """The bytes start .. end with the places in them, which lie inside of each other or beside each other."""
    out, at = [], start
    while places:
        outer = places[0]
        inside = [p for p in places[1:] if p.start < outer.end]
        places = [p for p in places[1:] if p.start >= outer.end]
        out.append(source[at:outer.start].decode())
        out.append(outer.form.format(render(source, outer.start, outer.end, inside)))
        at = outer.end
    out.append(source[at:end].decode())
    return "".join(out)


PRELUDE = """#ifndef PROMLITE_MUTANT
#include "promlite_mutant.hpp"
#endif
"""


def schemata(source, path, arguments):
    """The header with all its mutants in it, and these."""
    # What stands in a macro's argument has no place of its own; this one is transparent.
    source = source.replace(b"PROMLITE_LIKELY(", b"(")
    # So much text in every caller would take the compiler minutes.
    source = source.replace(b"PROMLITE_ALWAYS_INLINE", b"inline")
    index = clang.cindex.Index.create()
    unit = index.parse(path, arguments, unsaved_files=[(path, source.decode())])
    errors = [str(d) for d in unit.diagnostics if d.severity >= clang.cindex.Diagnostic.Error]
    if errors:
        raise RuntimeError(f"{path}: " + "\n".join(errors[:5]))
    finder = Finder(source)
    finder.declarations(unit.cursor, path)
    # Outer places first; of places that are the same bytes, the one that was found first is the outer one.
    order = sorted(range(len(finder.places)), key=lambda i: (finder.places[i].start, -finder.places[i].end, i))
    text = render(source, 0, len(source), [finder.places[i] for i in order])
    # The prelude stands on one line, before everything, and line numbers are told to begin behind it.
    return PRELUDE + f"#line 1 \"{path}\"\n" + text, finder.mutants
