// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics

/// Reads `features.toml`: which code dials what modules offer.
struct FeatureSchema {
    private(set) var features: [SiteFeature] = []
    /// Where each feature's code stands, the top of the file when it is the module's default.
    private(set) var spots: [String: SourceLocation] = [:]

    /// `root` is nil when the site has no such file: every feature has its default code.
    init(_ root: ConfigurationNode?, offered: [FeatureCode], findings: Findings) {
        var chosen: [String: String?] = [:]
        if let root {
            var reader = TableReader(root: root, findings: findings)
            var codes = reader.table("codes")
            for offer in offered {
                guard let node = codes.node(offer.name) else { continue }
                spots[offer.name] = node.spot
                switch node.value {
                case .boolean(false):
                    chosen[offer.name] = .some(nil)
                case .string(let code) where FeatureSchema.isCode(code):
                    chosen[offer.name] = code
                default:
                    findings.error(
                        node.spot,
                        Wording(
                            en:
                                "\"\(offer.name)\" must be a code such as \"\(offer.defaultCode)\" (2 to 8 of 0-9, * and #,"
                                + " beginning with * or #), or false to turn it off",
                            zh: "\"\(offer.name)\" 应为类似 \"\(offer.defaultCode)\" 的功能码（2 到 8 个 0-9、* 或 #，以 * 或 #"
                                + " 开头），或用 false 关闭"))
                }
            }
            codes.finish()
            reader.finish()
        }

        let top = SourceLocation(file: root?.spot.file ?? SiteLoader.featuresFile, line: 1)
        for offer in offered.sorted(by: { $0.name < $1.name }) {
            guard let code = chosen[offer.name] ?? offer.defaultCode else { continue }
            let spot = spots[offer.name] ?? top
            spots[offer.name] = spot
            if let other = features.first(where: { $0.code == code }) {
                findings.error(
                    spot,
                    Wording(
                        en: "\"\(offer.name)\" and \"\(other.name)\" have the same code \(code)",
                        zh: "\"\(offer.name)\" 与 \"\(other.name)\" 的功能码都是 \(code)"))
                continue
            }
            features.append(
                SiteFeature(
                    name: offer.name, code: code, synopsis: offer.synopsis, application: offer.application,
                    arguments: offer.arguments))
        }
    }

    private static func isCode(_ text: String) -> Bool {
        (2...8).contains(text.utf8.count) && (text.hasPrefix("*") || text.hasPrefix("#"))
            && text.utf8.allSatisfy { (48...57).contains($0) || $0 == 42 || $0 == 35 }
    }
}
