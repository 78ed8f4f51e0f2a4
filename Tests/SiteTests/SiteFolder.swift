// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Configuration
import Diagnostics
import Dialplan
import Glibc
import Site

/// A site in a temporary folder, right unless a test changes a file.
final class SiteFolder {
    let path: String
    private let names: [String]

    static let files: [String: String] = [
        "site.toml": """
        name = "Test"
        [sip]
        listen = ["udp:127.0.0.1:5060"]
        """,
        "seats.toml": """
        [[seats]]
        first = 8001
        last = 8003
        context = "seats"
        """,
        "trunks.toml": """
        [[trunk]]
        name = "gateway"
        kind = "registers"
        context = "in"
        extension = "s"
        """,
        "features.toml": "[codes]\necho = \"*43\"\n",
        "extensions.conf": """
        [seats]
        exten => _8XXX,1,Dial(Seat/${EXTEN},30)
        exten => _9X.,1,Dial(Trunk/gateway/${EXTEN:1},60)
        [in]
        exten => s,1,Dial(Seat/8001)
        """,
    ]

    /// - Parameter changes: files by name that take the place of the right ones; nil leaves one out.
    init(_ changes: [String: String?] = [:]) {
        var template = Array("/tmp/martlet-site-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
        var contents: [String: String?] = SiteFolder.files.mapValues { .some($0) }
        contents.merge(changes) { $1 }
        names = contents.keys.sorted()
        for (name, content) in contents {
            guard let content else { continue }
            if let slash = name.lastIndex(of: "/") { mkdir(path + "/" + name[..<slash], 0o700) }
            SiteFolder.write(content, to: path + "/" + name)
        }
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        for name in names where name.contains("/") { rmdir(path + "/" + name.prefix { $0 != "/" }) }
        rmdir(path)
    }

    static func write(_ content: String, to path: String, mode: mode_t = 0o644) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        var content = content
        content.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
        fchmod(descriptor, mode)
        close(descriptor)
    }

    static let offer = SiteLoader.Offer(
        applications: [
            ApplicationSignature(name: "Dial", minimumArguments: 1, maximumArguments: 4),
            ApplicationSignature(name: "Answer", maximumArguments: 1),
            ApplicationSignature(name: "NoOp", splitting: .none),
            ApplicationSignature(
                name: "Goto", minimumArguments: 1, maximumArguments: 3, jump: .whole, neverGoesOn: true),
            ApplicationSignature(
                name: "GotoIf", minimumArguments: 1, maximumArguments: 1, splitting: .none, jump: .branches),
            ApplicationSignature(name: "Set", minimumArguments: 1, splitting: .none),
            ApplicationSignature(name: "Playback", minimumArguments: 1, maximumArguments: 2),
            ApplicationSignature(name: "Background", minimumArguments: 1, maximumArguments: 4),
            ApplicationSignature(name: "WaitExten", maximumArguments: 2),
            ApplicationSignature(name: "MixMonitor", minimumArguments: 0, maximumArguments: 3),
            ApplicationSignature(name: "Park", minimumArguments: 0, maximumArguments: 2),
            ApplicationSignature(name: "ParkedCall", minimumArguments: 1, maximumArguments: 1),
            ApplicationSignature(name: "Busy", maximumArguments: 1, neverGoesOn: true),
            ApplicationSignature(name: "Congestion", maximumArguments: 1, neverGoesOn: true),
            ApplicationSignature(name: "Hangup", maximumArguments: 1, neverGoesOn: true),
        ],
        functions: [FunctionSignature(name: "CALLERID", minimumArguments: 1, maximumArguments: 1)],
        featureCodes: [
            FeatureCode(name: "echo", defaultCode: "*43", synopsis: "Hear yourself", application: "Echo"),
            FeatureCode(name: "tone", defaultCode: "*431", synopsis: "Test tone", application: "Milliwatt"),
            FeatureCode(name: "readback", defaultCode: "*432", synopsis: "Speaks keys", application: "ReadBack"),
        ],
        talkFeatures: TalkFeature.ofTheExchange + [
            TalkFeature(name: "blind_transfer", defaultCode: "##", synopsis: "Transfers", application: "BlindTransfer"),
            TalkFeature(
                name: "attended_transfer", defaultCode: "*2", synopsis: "Consults", application: "AttnTransfer"),
            TalkFeature(name: "park", defaultCode: "*3", synopsis: "Parks", application: "Park"),
        ])

    func load(listen: [ListenAddress] = []) -> SiteLoad {
        SiteLoader.load(folder: path, offer: SiteFolder.offer, listen: listen)
    }

    /// What is wrong, in English.
    static func findings(_ changes: [String: String?]) -> [String] {
        SiteFolder(changes).load().diagnostics.map { $0.text(in: .english) }
    }
}
