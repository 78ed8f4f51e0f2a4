// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Diagnostics
import Dialplan
import Site
import Testing

/// One mistake a case: the file it is made in, and what the admin reads.
@Suite("A mistake is told with file, line, column and hint")
struct SiteDiagnosticTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var file: String
        var text: String?
        var told: [String]
        var testDescription: String { told.first ?? "none" }
    }

    static let siteMistakes: [Mistake] = [
        Mistake(
            file: "site.toml", text: nil,
            told: ["site.toml:1:1: error: the file does not exist"]),
        Mistake(
            file: "site.toml", text: "name = \"x\"\n[sip]\nlisten = [\"udp:127.0.0.1:5060\"\n",
            told: ["site.toml:3:32: error: TOML: "]),
        Mistake(
            file: "site.toml", text: "name = \"x\"\nlanguag = \"zh\"",
            told: ["site.toml:2:1: error: unknown key \"languag\" (did you mean \"language\"?)"]),
        Mistake(
            file: "site.toml", text: "[sip]\nlistn = [\"udp:127.0.0.1:5060\"]",
            told: ["site.toml:2:1: error: unknown key \"listn\" in [sip] (did you mean \"listen\"?)"]),
        Mistake(
            file: "site.toml", text: "language = \"english\"",
            told: ["site.toml:1:12: error: \"language\" cannot be \"english\" (possible: \"en\", \"zh\")"]),
        Mistake(
            file: "site.toml", text: "[media]\nthreads = \"two\"",
            told: ["site.toml:2:11: error: \"threads\" must be a whole number, not a text"]),
        Mistake(
            file: "site.toml", text: "[limits]\n\n  calls =   0",
            told: ["site.toml:3:13: error: \"calls\" is 0, it must be from 1 to 50000"]),
        Mistake(
            file: "site.toml", text: "[media]\nrtp_timeout = \"30 sec\"",
            told: ["site.toml:2:15: error: \"rtp_timeout\" must be a number of seconds or a text such as"]),
        Mistake(
            file: "site.toml", text: "[sip]\nt1 = \"20 s\"",
            told: ["site.toml:2:6: error: \"t1\" is 20 s, it must be from 100 ms to 5 s"]),
        Mistake(
            file: "site.toml", text: "[sip]\nlisten = [\n  \"udp:127.0.0.1:5060\",\n  \"udp:0.0.0.0:5060\",\n]",
            told: ["site.toml:4:3: error: \"udp:0.0.0.0:5060\" overlaps \"udp:127.0.0.1:5060\""]),
        Mistake(
            file: "site.toml", text: "[sip]\nlisten = [\"udp:localhost\"]",
            told: ["site.toml:2:11: error: \"udp:localhost\" is not an address to listen on (write "]),
        Mistake(
            file: "site.toml", text: "[sip]\nlisten = [\"udp:0.0.0.0:15060\"]",
            told: ["site.toml:2:11: error: \"udp:0.0.0.0:15060\" lies within the ports of [media], 10000 to 20000"]),
        Mistake(
            file: "site.toml", text: "[media]\nports = [20000, 10000]",
            told: ["site.toml:2:9: error: the first of \"ports\" is above the last"]),
        Mistake(
            file: "site.toml", text: "[media]\nports = [10000, 10100]",
            told: [
                "site.toml:2:9: warning: \"ports\" is enough for 25 calls of two parties, [limits] calls allows 1000"
            ]),
        Mistake(
            file: "site.toml", text: "[media]\ncodecs = [\"PCMA\", \"PMCU\"]",
            told: ["site.toml:2:19: error: \"codecs\" cannot be \"PMCU\" (did you mean \"PCMU\"?)"]),
        Mistake(
            file: "site.toml", text: "[sip]\nminimum_expires = 7200",
            told: ["site.toml:2:19: error: \"minimum_expires\" (2 h) is above \"maximum_expires\" (1 h)"]),
        Mistake(
            file: "site.toml", text: "[recording]\nfolder = \"../elsewhere\"",
            told: ["site.toml:2:10: error: \"folder\" must lie within the data folder"]),
    ]

    static let seatMistakes: [Mistake] = [
        Mistake(
            file: "seats.toml", text: "[[seat]]\nnumber = 8001\n[[seat]]\nnumber = \"8001\"\n",
            told: ["seats.toml:4:10: error: seat 8001 is defined twice, first in line 1"]),
        Mistake(
            file: "seats.toml", text: "[[seats]]\nfirst = 8001\nlast = 8003\n[[seats]]\nfirst = 8003\nlast = 8005",
            told: ["seats.toml:5:9: error: seat 8003 is defined twice, first in line 1"]),
        Mistake(
            file: "seats.toml", text: "[[seat]]\nnumber = \"80a1\"\n[[seat]]\nnumber = 8001",
            told: ["seats.toml:2:10: error: a seat's number is 1 to 12 digits, \"80a1\" is not"]),
        Mistake(
            file: "seats.toml", text: "[[seat]]\nname = \"no number\"\n[[seat]]\nnumber = 8001",
            told: ["seats.toml:1:3: error: \"number\" is missing"]),
        Mistake(
            file: "seats.toml", text: "[[seats]]\nfirst = 8016\nlast = 8001\n[[seat]]\nnumber = 8001",
            told: ["seats.toml:3:8: error: \"last\" must have as many digits as \"first\" and not be below it"]),
        Mistake(
            file: "seats.toml", text: "[[seats]]\nfirst = 1000000\nlast = 9999999\n[[seat]]\nnumber = 8001",
            told: ["seats.toml:3:8: error: more than 10000 seats"]),
        Mistake(
            file: "seats.toml", text: "[[seat]]\nnumber = 8001\ncontext = \"seat\"",
            told: [
                "seats.toml:3:11: error: context \"seat\" of seat 8001 is not in the dialplan (did you mean \"seats\"?)"
            ]),
        Mistake(
            file: "seats.toml", text: "[[seat]]\nnumber = 8001\n[[seat]]\nnumber = 7001",
            told: ["seats.toml:3:3: warning: no seat can dial 7001: nothing matches in the seats' contexts"]),
    ]

    static let trunkMistakes: [Mistake] = [
        Mistake(
            file: "trunks.toml", text: "[[trunk]]\nname = \"gateway\"\ncontext = \"in\"",
            told: ["trunks.toml:1:3: error: \"kind\" is missing"]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"peer\"\nhost = \"192.0.2.1\"\n"
                + "addresses = [\"192.0.2.1\", \"192.0.2.9/24\"]\ncontext = \"in\"",
            told: [
                "trunks.toml:5:27: error: \"192.0.2.9/24\" has bits set behind its prefix (did you mean \"192.0.2.0/24\"?)"
            ]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"peer\"\nhost = \"192.0.2.1\"\n"
                + "addresses = [\"192.0.2.0/33\"]\ncontext = \"in\"",
            told: ["trunks.toml:5:14: error: the prefix length of \"192.0.2.0/33\" is out of range"]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"peer\"\nhost = \"192.0.2.256\"\ncontext = \"in\"",
            told: ["trunks.toml:4:8: error: \"192.0.2.256\" is neither a host name nor an IP address"]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"registers\"\nuser = \"8001\"\ncontext = \"in\"",
            told: ["trunks.toml:1:3: error: trunk \"gateway\" registers as \"8001\", which is a seat's number"]),
        Mistake(
            file: "trunks.toml", text: "[[trunk]]\nname = \"gateway\"\nkind = \"registers\"\ncontext = \"inn\"",
            told: [
                "trunks.toml:4:11: error: context \"inn\" of trunk \"gateway\" is not in the dialplan (did you mean \"in\"?)"
            ]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"registers\"\ncontext = \"in\"\nextension = \"t\"",
            told: ["trunks.toml:1:3: error: extension \"t\" of trunk \"gateway\" is not in context [in]"]),
        Mistake(
            file: "trunks.toml",
            text: "[[trunk]]\nname = \"gateway\"\nkind = \"registers\"\ncontext = \"in\"\n[trunk.outgoing]\nstrp = 1",
            told: ["trunks.toml:6:1: error: unknown key \"strp\" in [trunk.outgoing] (did you mean \"strip\"?)"]),
    ]

    static let otherMistakes: [Mistake] = [
        Mistake(
            file: "features.toml", text: "[codes]\necco = \"*43\"",
            told: ["features.toml:2:1: error: unknown key \"ecco\" in [codes] (did you mean \"echo\"?)"]),
        Mistake(
            file: "features.toml", text: "[codes]\ntone = \"*43\"",
            told: ["features.toml:2:8: error: \"tone\" and \"echo\" have the same code *43"]),
        Mistake(
            file: "features.toml", text: "[codes]\necho = \"43\"",
            told: ["features.toml:2:8: error: \"echo\" must be a code such as \"*43\""]),
        Mistake(
            file: "features.toml", text: "[codes]\necho = \"*45\"",
            told: ["features.toml:2:8: error: code *45 of \"echo\" is kept for agents who sign in and out of queues"]),
        Mistake(
            file: "features.toml", text: "[in_talk]\ndisconnect = \"*5\"\nconsult_swap = \"*55\"\nthree_way = \"*5\"",
            told: [
                "features.toml:2:14: warning: the keys of \"disconnect\", *5, and of \"consult_swap\", *55, begin alike:",
                "features.toml:4:13: error: \"three_way\" and \"disconnect\" have the same code *5",
            ]),
        Mistake(
            file: "features.toml", text: "[in_talk]\ndisconnect = \"9A\"",
            told: ["features.toml:2:14: error: \"disconnect\" must be 1 to 8 keys such as \"*0\""]),
        Mistake(
            file: "seats.toml",
            text: "[[seats]]\nfirst = 8001\nlast = 8004\non_busy = \"Seat/8009\"\non_no_answer = \"Quue/1\"\n"
                + "on_unreachable = \"Seat/\"\ntransfer_context = \"seets\"",
            told: [
                "seats.toml:1:3: error: there is no seat \"8009\"",
                "seats.toml:1:3: error: nothing here serves the destination Quue/1",
                "seats.toml:1:3: error: context \"seets\" of \"transfer_context\" is not in the dialplan",
                "seats.toml:6:18: error: \"Seat/\" must be Seat/NUMBER",
            ]),
        Mistake(
            file: "extensions.conf",
            text: SiteFolder.files["extensions.conf"]! + "\n[seats](+)\nexten => *43,1,Answer()",
            told: ["features.toml:2:8: error: code *43 of \"echo\" hides \"*43\" of [seats] at extensions.conf:7:"]),
        Mistake(
            file: "extensions.conf",
            text:
                "[seats]\nexten => _8XXX,1,Dial(Seat/8009&Seat/8001,30)\n[in]\nexten => s,1,Dial(Seat/8001&Trunk/gatway/1)",
            told: [
                "extensions.conf:2:23: error: there is no seat \"8009\" (did you mean \"8001\"?)",
                "extensions.conf:4:29: error: there is no trunk \"gatway\" (did you mean \"gateway\"?)",
            ]),
        Mistake(
            file: "extensions.conf",
            text: "[seats]\nexten => _8XXX,1,Dial(SIP/8001&PJSIP/8001&SIP/gateway/${EXTEN}&PJSIP/${EXTEN}@gateway,30)\n"
                + "exten => _9X,1,Dial(SIP/${EXTEN:1}&DAHDI/g1/${EXTEN}&SIP/8001@gatway&Seat/&${TARGET})\n[in]\n"
                + "exten => s,1,Anser()",
            told: [
                "extensions.conf:3:36: error: Dial does not know \"DAHDI/g1/…\" (analogue lines are behind a gateway here:",
                "extensions.conf:3:54: error: there is no trunk \"gatway\" (did you mean \"gateway\"?)",
                "extensions.conf:3:70: error: \"Seat/\" must be Seat/NUMBER",
                "extensions.conf:5:14: error: unknown application 'Anser' (did you mean 'Answer'?)",
            ]),
        Mistake(
            file: "extensions.conf", text: "[seats]\nexten => _8XXX,1,Dial(IAX2/8001,30)\n[in]\nexten => s,1,Anser()",
            told: [
                "extensions.conf:2:23: error: Dial does not know \"IAX2/8001\" (only SIP is spoken here",
                "extensions.conf:4:14: error: unknown application 'Anser' (did you mean 'Answer'?)",
            ]),
        Mistake(
            file: "extensions.conf", text: SiteFolder.files["extensions.conf"]! + "\n#include extra.conf",
            told: ["extensions.conf:6:10: error: the file 'extra.conf' cannot be read"]),
    ]

    @Test(arguments: siteMistakes + seatMistakes + trunkMistakes + otherMistakes)
    func told(_ mistake: Mistake) {
        let told = SiteFolder.findings([mistake.file: mistake.text])
        #expect(told.count == mistake.told.count, "\(told)")
        for (line, wanted) in zip(told, mistake.told) { #expect(line.hasPrefix(wanted), "\(line)") }
    }

    @Test("All mistakes of all files are told at once, and there is no site")
    func allAtOnce() {
        let load = SiteFolder([
            "site.toml": "nme = 1", "seats.toml": "[[seat]]\nnumber = 8001\ncalls = 99",
            "trunks.toml": "[[trunk]]\nname = \"gateway\"\nkind = \"registers\"\ncontext = \"nowhere\"",
        ]).load()
        #expect(load.site == nil)
        #expect(load.diagnostics.map(\.file) == ["site.toml", "seats.toml", "trunks.toml"])
    }

    @Test("Every message is there in Chinese, with the same place")
    func chinese() {
        let load = SiteFolder(["site.toml": "[sip]\nlistn = 1"]).load()
        #expect(
            load.diagnostics.map { $0.text(in: .chinese) } == [
                "site.toml:2:1: 错误: [sip] 中未知的键 \"listn\" (是否想写 \"listen\"？)"
            ])
    }
}
