// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Configuration
internal import Diagnostics

/// Reads `[music.NAME]` of `site.toml`, and knows which classes there are besides.
struct MusicSchema {
    /// A class a tenant, a queue and a number: more is a slip.
    static let limit = 1000
    static let defaultClass = "default"

    private(set) var classes: [String: MusicClass] = [:]

    init() {}

    /// `folder` is the site's.
    init(_ table: TableReader, folder: String) {
        var table = table
        for entry in table.allEntries() {
            var own = table.table(entry.name)
            defer { own.finish() }
            guard TableReader.isName(entry.name), classes.count < Self.limit else {
                table.findings.error(
                    entry.node.keySpot,
                    Wording(
                        en: "a class of music has a name of letters, digits, hyphens and underscores that begins with a"
                            + " letter, and a site has at most \(Self.limit)",
                        zh: "音乐类别名由字母、数字、连字符和下划线组成，以字母开头；每个站点最多 \(Self.limit) 个"))
                continue
            }
            let order = own.choice(
                "order", of: [("random", MusicClass.Order.random), ("sorted", .sorted)], default: .random)
            let place = own.string("folder", maximumLength: 512) ?? "sounds/music/\(entry.name)"
            let whole = place.hasPrefix("/") ? place : "\(folder)/\(place)"
            if !TextFile.isFolder(whole) {
                table.findings.error(
                    own.spot(of: "folder"),
                    Wording(
                        en: "there is no folder \(whole) for the music \"\(entry.name)\"",
                        zh: "音乐 \"\(entry.name)\" 的文件夹 \(whole) 不存在"))
            }
            classes[entry.name] = MusicClass(name: entry.name, folder: whole, order: order)
        }
        table.finish()
    }

    /// Reports a class that nothing plays.
    func check(_ name: String, at spot: SourceLocation, folder: String, findings: Findings) {
        if name == Self.defaultClass || classes[name] != nil { return }
        if TableReader.isName(name), TextFile.isFolder("\(folder)/sounds/music/\(name)") { return }
        let known = [Self.defaultClass] + classes.keys.sorted()
        let list = known.joined(separator: ", ")
        findings.error(
            spot,
            Wording(en: "there is no music \"\(name)\"", zh: "没有名为 \"\(name)\" 的音乐"),
            hint: Wording.didYouMean(name, among: known)
                ?? Wording(
                    en: "add [music.\(name)] to site.toml or a folder sounds/music/\(name); known here: \(list)",
                    zh: "在 site.toml 中加入 [music.\(name)]，或建立文件夹 sounds/music/\(name)；此处可用：\(list)"))
    }
}
