// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Diagnostics
import Testing

@Suite("A TOML file is read into typed values")
struct ReadingTests {
    @Test("Values of every kind, tables inline or not, lists of tables in order")
    func values() {
        let read = Sample(
            """
            text = "a # b"
            flag = true
            [table]
            count = 10
            wait = "1.5 s"
            colour = "blue"
            colours = ["green", "red"]
            range = [5, 50]
            names = ["sales", "desk_2"]
            number = "0042"
            [[item]]
            name = "b"
            [[item]]
            name = "a"
            """)
        #expect(read.told == [])
        #expect(read.text == "a # b")
        #expect(read.flag)
        #expect(read.count == 10)
        #expect(read.wait == .milliseconds(1500))
        #expect(read.colour == "blue")
        #expect(read.colours == ["green", "red"])
        #expect(read.range == 5...50)
        #expect(read.names == ["sales", "desk_2"])
        #expect(read.number == "0042")
        #expect(read.items == ["b", "a"])
        #expect(Sample("table = { count = 3, number = 42, names = \"sales\" }").count == 3)
        #expect(Sample("table = { number = 42 }").number == "42")
        #expect(Sample("table = { names = \"sales\" }").names == ["sales"])
    }

    @Test("What is left out keeps its default, and an empty file is right")
    func defaults() {
        let read = Sample("")
        #expect(read.told == [])
        #expect(read.count == 7)
        #expect(read.wait == .seconds(30))
        #expect(read.range == 1...9)
    }

    /// One mistake a line: the text, and what is told of it.
    static let mistakes: [(text: String, told: [String])] = [
        ("x = 1\n[table\n", ["a.toml:2:7: error: TOML: "]),
        ("text = \"a\u{0}b\"", ["a.toml:1:10: error: the file contains a NUL byte"]),
        ("[table]\n[ 媒体]", ["a.toml:2:3: error: TOML: a table's name has letters"]),
        ("text = 1979-05-27 1\n", ["a.toml:1:8: error: TOML: a value of several words stands in quotes"]),
        ("flag = [true, 1979-05-27 1]", ["a.toml:1:15: error: TOML: a value of several words stands in quotes"]),
        ("text = two words # comment", ["a.toml:1:8: error: TOML: a value of several words stands in quotes"]),
        ("txet = 1", ["a.toml:1:1: error: unknown key \"txet\" (did you mean \"text\"?)"]),
        ("zzzzzz = 1", ["a.toml:1:1: error: unknown key \"zzzzzz\" (known here: text, flag, table, item)"]),
        ("[table]\ncuont = 1", ["a.toml:2:1: error: unknown key \"cuont\" in [table] (did you mean \"count\"?)"]),
        ("[table]\ncount = 11", ["a.toml:2:9: error: \"count\" is 11, it must be from 1 to 10"]),
        ("[table]\ncount = 1.5", ["a.toml:2:9: error: \"count\" must be a whole number, not a number with a fraction"]),
        ("flag = \"yes\"", ["a.toml:1:8: error: \"flag\" must be true or false, not a text"]),
        ("text = 1979-05-27", ["a.toml:1:8: error: \"text\" must be a text in quotes, not a date or time"]),
        ("text = \"thirteen long\"", ["a.toml:1:8: error: \"text\" must be one line of at most 12 characters"]),
        ("text = \"a\\nb\"", ["a.toml:1:8: error: \"text\" must be one line of at most 12 characters"]),
        ("[table]\nwait = \"1 h\"", ["a.toml:2:8: error: \"wait\" is 1 h, it must be from 1 s to 1 min"]),
        ("[table]\nwait = \"soon\"", ["a.toml:2:8: error: \"wait\" must be a number of seconds or a text such as"]),
        ("[table]\ncolour = \"bleu\"", ["a.toml:2:10: error: \"colour\" cannot be \"bleu\" (did you mean \"blue\"?)"]),
        ("[table]\ncolours = [\"red\", \"red\"]", ["a.toml:2:19: error: \"red\" stands twice in \"colours\""]),
        ("[table]\ncolours = []", ["a.toml:2:11: error: \"colours\" must not be empty"]),
        ("[table]\nrange = [9, 1]", ["a.toml:2:9: error: the first of \"range\" is above the last"]),
        ("[table]\nrange = [1, 101]", ["a.toml:2:13: error: \"range\" is 101, it must be from 1 to 100"]),
        ("[table]\nnames = [\"a b\"]", ["a.toml:2:10: error: \"a b\" is no name for \"names\""]),
        ("[table]\nnames = \"9a\"", ["a.toml:2:9: error: \"9a\" is no name for \"names\""]),
        ("[table]\nnames = [\"a\", \"a\"]", ["a.toml:2:15: error: \"a\" stands twice in \"names\""]),
        ("[table]\nnumber = \"60a1\"", ["a.toml:2:10: error: a queue's number is 1 to 12 digits, \"60a1\" is not"]),
        ("[table]\nnumber = -5", ["a.toml:2:10: error: a queue's number is 1 to 12 digits, \"-5\" is not"]),
        ("table = 1", ["a.toml:1:9: error: \"table\" must be a table, [table], not a whole number"]),
        ("item = [1]", ["a.toml:1:9: error: \"item\" must be a table, [[item]], not a whole number"]),
        ("[[item]]", ["a.toml:1:3: error: \"name\" is missing"]),
        (
            "[table]\ncount = 0\nwait = 0\n[[item]]\nnam = \"a\"",
            [
                "a.toml:2:9: error: \"count\" is 0", "a.toml:3:8: error: \"wait\" is 0 ms",
                "a.toml:4:3: error: \"name\" is missing", "a.toml:5:1: error: unknown key \"nam\" in [item]",
            ]
        ),
    ]

    @Test("Each mistake is told with its place and what to do, all of them at once", arguments: mistakes)
    func mistake(_ text: String, _ told: [String]) {
        let read = Sample(text)
        #expect(read.told.count == told.count, "\(read.told)")
        for (line, wanted) in zip(read.told, told) { #expect(line.hasPrefix(wanted), "\(line)") }
    }

    @Test("Columns count characters as editors do, whatever the kind of string before them")
    func columns() {
        #expect(Sample("# 注释\n\"nämé\" = 1").told.first?.hasPrefix("a.toml:2:1: error: unknown key \"nämé\"") == true)
        #expect(Sample("table = { colour = '日本', cuont = 1 }").told.contains { $0.hasPrefix("a.toml:1:26: ") })
        #expect(Sample("text = \"\"\"\na\"\"\"\ncuont = 1").told.last?.hasPrefix("a.toml:3:1: ") == true)
    }

    @Test("A file of the wrong kind yields a bounded number of findings, and is refused all the same")
    func bounded() {
        let findings = Findings()
        let place = SourceLocation(file: "a.toml", line: 1)
        let wording = Wording(en: "x", zh: "x")
        for line in 0..<Findings.limit { findings.warning(SourceLocation(file: "a.toml", line: line + 1), wording) }
        #expect(!findings.hasErrors)
        for _ in 0..<100 { findings.error(place, wording) }
        #expect(findings.hasErrors)
        #expect(findings.inOrder.count == Findings.limit + 1)
    }

    @Test("Findings come by file as first mentioned, then by place, each once")
    func order() {
        let findings = Findings()
        let wording = Wording(en: "x", zh: "x")
        for (file, line) in [("b", 2), ("a", 1), ("b", 1), ("b", 2)] {
            findings.error(SourceLocation(file: file, line: line), wording)
        }
        #expect(findings.inOrder.map { "\($0.file)\($0.line)" } == ["b1", "b2", "a1"])
    }
}
