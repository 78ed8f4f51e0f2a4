// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Diagnostics
import Glibc
import Testing

@Suite("Texts of a configuration")
struct TextTests {
    @Test(
        "Times as admins write them",
        arguments: [
            (.integer(30), .seconds(30)), (.float(0.5), .milliseconds(500)), (.string("500 ms"), .milliseconds(500)),
            (.string("30s"), .seconds(30)), (.string("5 min"), .seconds(300)), (.string("2 h"), .seconds(7200)),
            (.string("1 d"), .seconds(86_400)), (.string("100 d"), .seconds(8_640_000)), (.string("101 d"), nil),
            (.string("-1 s"), nil), (.string("5"), nil), (.string("5 sec"), nil), (.string("1e9 s"), nil),
            (.string("..5 s"), nil), (.string("٣ s"), nil), (.integer(-1), nil), (.float(.nan), nil),
            (.float(.infinity), nil), (.boolean(true), nil),
        ] as [(ConfigurationNode.Value, Duration?)])
    func durations(_ value: ConfigurationNode.Value, _ read: Duration?) {
        #expect(DurationText.duration(of: value) == read)
    }

    @Test(
        "A time is written in its longest whole unit and read back",
        arguments: [(1500, "1500 ms"), (30_000, "30 s"), (60_000, "1 min"), (7_200_000, "2 h"), (0, "0 ms")])
    func written(_ milliseconds: Int64, _ text: String) {
        #expect(DurationText.text(of: .milliseconds(milliseconds)) == text)
        #expect(DurationText.duration(of: .string(text)) == .milliseconds(milliseconds))
    }

    @Test(
        "The nearest name is offered when it can be a slip, and none otherwise",
        arguments: [
            ("gatway", "gateway"), ("8009", "8001"), ("GATEWAY", "gateway"), ("agteway", "gateway"), ("carrier9", nil),
            ("x", nil), (String(repeating: "a", count: 100), nil),
        ] as [(String, String?)])
    func nearest(_ word: String, _ found: String?) {
        #expect(NearestName.nearest(to: word, among: ["8002", "gateway", "8001", "station"]) == found)
    }

    @Test("Only a bounded text file is read, and nothing in its place hangs the switch")
    func files() {
        var template = Array("/tmp/martlet-text-XXXXXX".utf8CString)
        guard let folder = mkdtemp(&template).map({ String(cString: $0) }) else {
            Issue.record("no folder")
            return
        }
        defer { rmdir(folder) }
        func write(_ bytes: [UInt8], to name: String) {
            let descriptor = open(folder + "/" + name, O_WRONLY | O_CREAT, 0o600)
            _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
        }
        write(Array("日本".utf8), to: "good")
        write([0xFF, 0xFE], to: "binary")
        mkfifo(folder + "/fifo", 0o600)
        defer { for name in ["good", "binary", "fifo"] { unlink(folder + "/" + name) } }
        #expect(TextFile.read(folder + "/good") == .success("日本"))
        #expect(TextFile.read(folder + "/binary") == .failure(.notUTF8))
        #expect(TextFile.read(folder + "/fifo") == .failure(.notAFile))
        #expect(TextFile.read(folder) == .failure(.notAFile))
        #expect(TextFile.read(folder + "/none") == .failure(.missing))
        #expect(TextFile.read("/dev/zero") == .failure(.notAFile))
    }
}
