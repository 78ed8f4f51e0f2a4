// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics

/// Reads `features.toml`: which code dials what modules offer, and which keys do something in the middle of a talk.
struct FeatureSchema {
    private(set) var features: [SiteFeature] = []
    private(set) var talkFeatures: [SiteTalkFeature] = []
    /// Where each feature's code stands, the top of the file when it is the module's default.
    private(set) var spots: [String: SourceLocation] = [:]
    private let findings: Findings

    /// Kept for signing in and out of queues, which admins of other switches expect there.
    static let reserved: Set<String> = ["*45", "*46"]

    /// `root` is nil when the site has no such file: every feature has its default code.
    init(_ root: ConfigurationNode?, offered: [FeatureCode], talkFeatures: [TalkFeature], findings: Findings) {
        self.findings = findings
        let top = SourceLocation(file: root?.spot.file ?? SiteLoader.featuresFile, line: 1)
        guard let root else {
            take(offered, chosen: [:], top: top)
            take(talkFeatures, chosen: [:], spots: [:], top: top)
            return
        }
        var reader = TableReader(root: root, findings: findings)
        let codes = choices("codes", of: offered.map { ($0.name, $0.defaultCode) }, in: &reader) { SiteCode($0) != nil }
        let keys = choices("in_talk", of: talkFeatures.map { ($0.name, $0.defaultCode) }, in: &reader) {
            1...8 ~= $0.utf8.count && SiteCode.isKeys($0)
        }
        reader.finish()
        spots = codes.spots
        take(offered, chosen: codes.chosen, top: top)
        take(talkFeatures, chosen: keys.chosen, spots: keys.spots, top: top)
    }

    // MARK: Reading

    /// What a table says for each name: a code, or nil for one that is turned off.
    private func choices(
        _ name: String, of offered: [(name: String, code: String?)], in reader: inout TableReader,
        isCode: (String) -> Bool
    ) -> (chosen: [String: String?], spots: [String: SourceLocation]) {
        var chosen: [String: String?] = [:]
        var spots: [String: SourceLocation] = [:]
        var table = reader.table(name)
        for offer in offered {
            guard let node = table.node(offer.name) else { continue }
            spots[offer.name] = node.spot
            switch node.value {
            case .boolean(false): chosen[offer.name] = .some(nil)
            case .string(let code) where isCode(code): chosen[offer.name] = code
            default:
                let example = offer.code ?? "*2"
                findings.error(
                    node.spot,
                    name == "codes"
                        ? Wording(
                            en:
                                "\"\(offer.name)\" must be a code such as \"\(example)\" (2 to 8 of 0-9, * and #,"
                                + " beginning with * or #), or false to turn it off",
                            zh: "\"\(offer.name)\" 应为类似 \"\(example)\" 的功能码（2 到 8 个 0-9、* 或 #，以 * 或 #"
                                + " 开头），或用 false 关闭")
                        : Wording(
                            en: "\"\(offer.name)\" must be 1 to 8 keys such as \"\(example)\", or false to turn it off",
                            zh: "\"\(offer.name)\" 应为 1 到 8 个按键，如 \"\(example)\"，或用 false 关闭"))
            }
        }
        table.finish()
        return (chosen, spots)
    }

    // MARK: Taking

    private mutating func take(_ offered: [FeatureCode], chosen: [String: String?], top: SourceLocation) {
        for offer in offered.sorted(by: { $0.name < $1.name }) {
            guard let code = chosen[offer.name] ?? offer.defaultCode else { continue }
            let spot = spots[offer.name] ?? top
            spots[offer.name] = spot
            if FeatureSchema.reserved.contains(code) {
                findings.error(
                    spot,
                    Wording(
                        en: "code \(code) of \"\(offer.name)\" is kept for agents who sign in and out of queues",
                        zh: "\"\(offer.name)\" 的功能码 \(code) 保留给坐席签入、签出队列"))
                continue
            }
            if let other = features.first(where: { $0.code == code }) {
                reportSame(offer.name, other.name, code, at: spot)
                continue
            }
            features.append(
                SiteFeature(
                    name: offer.name, code: code, synopsis: offer.synopsis, application: offer.application,
                    arguments: offer.arguments))
        }
    }

    private mutating func take(
        _ offered: [TalkFeature], chosen: [String: String?], spots: [String: SourceLocation], top: SourceLocation
    ) {
        for offer in offered.sorted(by: { $0.name < $1.name }) {
            guard let code = chosen[offer.name] ?? offer.defaultCode else { continue }
            let spot = spots[offer.name] ?? top
            // The same keys may mean one thing in a talk and another in a consultation; the exchange's own `disconnect` holds in
            // both.
            let rivals = talkFeatures.filter {
                $0.whileConsulting == offer.whileConsulting || $0.name == "disconnect" || offer.name == "disconnect"
            }
            if let other = rivals.first(where: { $0.code == code }) {
                reportSame(offer.name, other.name, code, at: spot)
                continue
            }
            if let other = rivals.first(where: { $0.code.hasPrefix(code) || code.hasPrefix($0.code) }) {
                findings.warning(
                    spot,
                    Wording(
                        en:
                            "the keys of \"\(offer.name)\", \(code), and of \"\(other.name)\", \(other.code), begin alike:"
                            + " the shorter ones act after a pause only",
                        zh: "\"\(offer.name)\" 的按键 \(code) 与 \"\(other.name)\" 的 \(other.code) 开头相同：较短的要停顿后才生效"))
            }
            talkFeatures.append(
                SiteTalkFeature(
                    name: offer.name, code: code, synopsis: offer.synopsis, application: offer.application,
                    arguments: offer.arguments, whileConsulting: offer.whileConsulting))
        }
    }

    private func reportSame(_ name: String, _ other: String, _ code: String, at spot: SourceLocation) {
        findings.error(
            spot,
            Wording(
                en: "\"\(name)\" and \"\(other)\" have the same code \(code)",
                zh: "\"\(name)\" 与 \"\(other)\" 的功能码都是 \(code)"))
    }
}
