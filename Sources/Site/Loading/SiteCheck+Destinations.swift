// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics
internal import Dialplan

/// Destinations that the files name must be there.
extension SiteCheck {
    /// What there is to be named, by kind.
    func index(dialplan: Dialplan?, sections: [any SiteSection]) -> SiteIndex {
        var index = SiteIndex()
        index.add("seat", seats?.seats.keys.map { $0 } ?? [])
        index.add("trunk", trunks?.names ?? [])
        index.add("context", dialplan?.contexts.map(\.name) ?? [])
        for section in sections { for (kind, names) in section.names { index.add(kind, names) } }
        return index
    }

    /// Where seats send calls they cannot take.
    func checkDestinations(against index: SiteIndex, schemes: Set<String>) {
        var reported: Set<String> = []
        for seat in (seats?.seats.values.sorted { $0.number < $1.number }) ?? [] {
            for destination in [seat.onBusy, seat.onNoAnswer, seat.onUnreachable] {
                guard let destination, reported.insert("\(seat.spot) \(destination)").inserted else { continue }
                check(destination, at: seat.spot, index: index, schemes: schemes)
            }
            if let context = seat.transferContext, !index.has("context", context),
                reported.insert("\(seat.spot) \(context)").inserted
            {
                findings.error(
                    seat.spot,
                    Wording(
                        en: "context \"\(context)\" of \"transfer_context\" is not in the dialplan",
                        zh: "\"transfer_context\" 的上下文 \"\(context)\" 不在拨号方案中"),
                    hint: Wording.didYouMean(context, among: (index.names["context"] ?? []).sorted()))
            }
        }
    }

    /// Names that are known for sure to be missing.
    func check(_ destination: Destination, at spot: SourceLocation, index: SiteIndex, schemes: Set<String>) {
        func report(_ kind: String, _ name: String, _ what: Wording) {
            guard !name.contains(Template.hole), !index.has(kind, name) else { return }
            findings.error(
                spot, Wording(en: "there is no \(what.en) \"\(name)\"", zh: "没有\(what.zh) \"\(name)\""),
                hint: Wording.didYouMean(name, among: (index.names[kind] ?? []).sorted()))
        }
        switch destination {
        case .seat(let number):
            guard seats != nil else { return }
            report("seat", number, Wording(en: "seat", zh: "座席"))
        case .trunk(let name, _):
            guard trunks != nil else { return }
            report("trunk", name, Wording(en: "trunk", zh: "中继"))
        case .context(let context, _, _): report("context", context, Wording(en: "context", zh: "上下文"))
        case .number, .hangUp: break
        case .other(let scheme, _):
            guard !schemes.contains(scheme) else { return }
            findings.error(
                spot,
                Wording(
                    en: "nothing here serves the destination \(destination)", zh: "本站点无法处理目的地 \(destination)"),
                hint: Wording.didYouMean(scheme, among: (schemes.union(Destination.schemes)).sorted()))
        }
    }
}
