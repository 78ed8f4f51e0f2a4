// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Dialplan

/// Variables by dictionary; the function `UPPER` and `GLOBAL`.
final class Variables: VariableSource {
    var values: [String: String]

    init(_ values: [String: String] = [:]) { self.values = values }

    func value(of variable: String) -> String? { values[variable] }

    func value(of function: String, arguments: String) async -> String? {
        switch function {
        case "UPPER": arguments.uppercased()
        case "GLOBAL": values[arguments]
        case "LEN": String(arguments.utf8.count)
        default: nil
        }
    }
}

struct ExpressionTests {
    static let variables = [
        "A": "1", "B": "2", "WORD": "abc", "TWO": "1 + 2", "EMPTY": "", "SPACED": "John Smith",
        "PATH": "SIP/100", "NEG": "-5", "NUMBER": "13800138000", "NAME_1": "one", "INDEX": "1",
        "WHICH": "NUMBER:3", "QUOTE": "say \"no\"", "INJECT": "UPPER(x)",
    ]

    @Test(
        "an expression has the value Asterisk gives it",
        arguments: [
            ("$[1 + 2 * 3]", "7"), ("$[(1 + 2) * 3]", "9"), ("$[10 / 4]", "2.5"), ("$[10 % 4]", "2"),
            ("$[-3 + 1]", "-2"), ("$[2 - -3]", "5"), ("$[1/0]", "2147483647"), ("$[1 % 0]", "0"),
            ("$[0.1 + 0.2]", "0.3"), ("$[abc + 1]", "1"), ("$[1 = 1.0]", "1"), ("$[abc = abc]", "1"),
            ("$[\"1\" = 1]", "0"), ("$[\"a b\" = \"a b\"]", "1"), ("$[2 < 10]", "1"), ("$[abc < abd]", "1"),
            ("$[b10 < b9]", "1"), ("$[1 <= 1]", "1"), ("$[2 >= 3]", "0"), ("$[1 != 2]", "1"),
            ("$[1 & 0]", "0"), ("$[5 & 3]", "5"), ("$[0 | 7]", "7"), ("$[3 | 7]", "3"), ("$[!0]", "1"),
            ("$[!5]", "0"), ("$[! ${EMPTY} ]", "1"), ("$[1 ? yes :: no]", "yes"), ("$[0 ? yes :: no]", "no"),
            ("$[1 && 2]", "1"), ("$[0 || 2]", "2"), ("$[1 == 1]", "1"), ("$[007]", "007"), ("$[]", ""),
            ("$[foo123bar : foo([0-9]+)bar]", "0"), ("$[\"foo123bar\" : \"foo([0-9]+)bar\"]", "123"),
            ("$[\"foobar\" : \"foo\"]", "3"), ("$[\"xfoobar\" : \"foo\"]", "0"),
            ("$[\"xfoobar\" =~ \"foo\"]", "3"), ("$[\"13800138000\" =~ \"^1[3-9][0-9]{9}$\"]", "11"),
            ("$[abc ~~ def]", "abcdef"), ("$[${A} + ${B}]", "3"), ("$[${A}${B} + 1]", "13"),
            ("$[$[1 + 1] * 3]", "6"), ("$[${TWO} * 2]", "5"), ("$[\"${SPACED}\" = \"John Smith\"]", "1"),
            ("$[${SPACED} = x]", "0"), ("$[${NEG} + 6]", "1"), ("$[${NEG}]", "-5"), ("$[${EMPTY} = 1]", "0"),
            ("$[\"${EMPTY}\" = \"\"]", "1"), ("$[${LEN(${WORD})} > 2]", "1"), ("$[ROUND(2.5)]", "3"),
            ("$[ABS(-4) + 1]", "5"), ("$[UPPER(abc)]", "ABC"), ("$[${INJECT} = X]", "0"),
            ("$[1 + 2 = 3 & 2 + 2 = 4]", "1"), ("$[999999999999 + 1]", "1000000000000"),
            ("$[\"${QUOTE}\" = \"\"]", "0"), ("$[(((((1)))))]", "1"), ("$[1 ? 0 ? a :: b :: c]", "b"),
        ])
    func expression(text: String, value: String) async {
        #expect(await Template(text).text(from: Variables(Self.variables)) == value, "\(text)")
    }

    @Test(
        "variables and parts of them are put in",
        arguments: [
            ("${NUMBER}", "13800138000"), ("${NUMBER:3}", "00138000"), ("${NUMBER:0:3}", "138"),
            ("${NUMBER:-4}", "8000"), ("${NUMBER:-4:2}", "80"), ("${NUMBER:3:-2}", "001380"),
            ("${NUMBER:20}", ""), ("${NUMBER:-20:2}", "13"), ("${NUMBER:x}", "13800138000"),
            ("${NONE}", ""), ("a${A}b${B}c", "a1b2c"), ("${NAME_${INDEX}}", "one"),
            ("${NUMBER:${INDEX}:2}", "38"), ("${${WHICH}}", "00138000"), ("${UPPER(${WORD})}", "ABC"),
            ("${UPPER(abcdef):1:2}", "BC"), ("${GLOBAL(NUMBER)}", "13800138000"), ("cost: 5$", "cost: 5$"),
            ("$X ${A}", "$X 1"), ("${UPPER(a:b)}", "A:B"), ("${MISSING(x)}", ""), ("${NUMBER:0:0}", ""),
        ])
    func variable(text: String, value: String) async {
        #expect(await Template(text).text(from: Variables(Self.variables)) == value, "\(text)")
    }

    @Test("a value cannot grow beyond 16 KiB")
    func bounded() async {
        let source = Variables(["X": String(repeating: "x", count: 10_000)])
        let text = await Template("${X}${X}${X}").text(from: source)
        #expect(text.utf8.count == 16_384)
    }
}

struct ArgumentTests {
    @Test(
        "arguments are split as Asterisk's applications do it",
        arguments: [
            ("", []), ("a", ["a"]), ("a,b", ["a", "b"]), ("a,", ["a", ""]), (",", ["", ""]),
            ("a(b,c),d", ["a(b,c)", "d"]), ("\"a,b\",c", ["a,b", "c"]), ("a\\,b,c", ["a,b", "c"]),
            ("[a,b],c", ["[a,b]", "c"]), ("a),b", ["a)", "b"]),
            ("Seat/8001&Seat/8002,20,tTg", ["Seat/8001&Seat/8002", "20", "tTg"]),
            ("\"a,b", ["a,b"]), ("a\\", ["a"]),
        ] as [(String, [String])])
    func split(text: String, parts: [String]) {
        #expect(Arguments.split(text) == parts, "\(text)")
    }

    @Test("a condition is false when empty or zero")
    func truth() {
        #expect(["1", "abc", "-1", "2x", " "].allSatisfy(Arguments.isTrue))
        #expect(!["", "0", "0abc", " 0", "-0", "00"].contains(where: Arguments.isTrue))
    }
}
