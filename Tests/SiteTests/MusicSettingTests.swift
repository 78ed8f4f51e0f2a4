// SPDX-License-Identifier: AGPL-3.0-or-later
import Site
import Testing

/// Classes of music, and what seats and trunks say of hold.
@Suite struct MusicSettingTests {
    @Test func classesAreFoldersAndSeatsAndTrunksNameThem() throws {
        let folder = SiteFolder([
            "site.toml":
                "name = \"x\"\n[music.jazz]\nfolder = \"jazz\"\norder = \"sorted\"\n[music.waltz]\nfolder = \"/tmp\"\n",
            "jazz/a.wav": "",
            "seats.toml": """
            [[seats]]
            first = 8001
            last = 8003
            context = "seats"
            hold_music = "jazz"
            hold_reminder = "1 min"
            [[seat]]
            number = 8002
            hold_music = "default"
            hold_recall = true
            call_waiting = false
            """,
            "trunks.toml": """
            [[trunk]]
            name = "gateway"
            kind = "registers"
            context = "in"
            extension = "s"
            hold_music = "waltz"
            """,
        ])
        let load = folder.load()
        #expect(load.diagnostics.isEmpty)
        let site = try #require(load.site)
        #expect(
            site.music == [
                MusicClass(name: "jazz", folder: folder.path + "/jazz", order: .sorted),
                MusicClass(name: "waltz", folder: "/tmp", order: .random),
            ])
        let seats = try ["8001", "8002"].map { try #require(site.seat($0)) }
        #expect(seats.map(\.holdMusic) == ["jazz", "default"])
        #expect(seats.map(\.holdReminder) == [.seconds(60), .seconds(60)])
        #expect(seats.map(\.holdRecall) == [false, true])
        #expect(seats.map(\.callWaiting) == [true, false])
        #expect(site.trunk("gateway")?.holdMusic == "waltz")
    }

    @Test(arguments: [
        (
            "site.toml", "[music.jazz]\nfolder = \"nowhere\"",
            "site.toml:2:10: error: there is no folder "
        ),
        ("site.toml", "[music.jazz]\nfolder = \"/tmp\"\norder = \"loud\"", "site.toml:3:9: error: \"order\" cannot be"),
        ("site.toml", "[music.\"a/b\"]\nfolder = \"/tmp\"", "site.toml:1:8: error: a class of music has a name of"),
        ("site.toml", "[music.jazz]\nfolder = \"/tmp\"\nvolume = 3", "site.toml:3:1: error: unknown key \"volume\""),
        (
            "seats.toml", "[[seat]]\nnumber = 8001\nhold_music = \"jaz\"",
            "seats.toml:3:14: error: there is no music \"jaz\" (add [music.jaz] to site.toml or a folder"
        ),
        (
            "seats.toml", "[[seat]]\nnumber = 8001\nhold_music = \"defalt\"",
            "seats.toml:3:14: error: there is no music \"defalt\" (did you mean \"default\"?)"
        ),
        (
            "seats.toml", "[[seat]]\nnumber = 8001\nhold_reminder = \"2 h\"",
            "seats.toml:3:17: error: \"hold_reminder\" is 2 h, it must be from"
        ),
    ])
    func aMistakeIsTold(file: String, text: String, told: String) {
        let findings = SiteFolder.findings([file: text])
        #expect(findings.contains { $0.hasPrefix(told) }, "\(findings)")
    }
}
