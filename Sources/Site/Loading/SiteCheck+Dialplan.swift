// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics
internal import Dialplan

/// The dialplan against seats, trunks and feature codes.
extension SiteCheck {
    func checkDialplan(_ dialplan: Dialplan) {
        checkContexts(dialplan)
        checkTargets(dialplan)
        checkFeatureCodes(dialplan)
        checkSeatsReachable(dialplan)
    }

    // MARK: Contexts

    private func checkContexts(_ dialplan: Dialplan) {
        let names = dialplan.contexts.map(\.name)
        func check(_ context: String, _ spot: SourceLocation?, _ owner: Wording) {
            guard let spot, !context.isEmpty, dialplan.context(context) == nil else { return }
            findings.error(
                spot,
                Wording(
                    en: "context \"\(context)\" of \(owner.en) is not in the dialplan",
                    zh: "\(owner.zh)的上下文 \"\(context)\" 不在拨号方案中"),
                hint: Wording.didYouMean(context, among: names)
                    ?? Wording(en: "write [\(context)] in extensions.conf", zh: "在 extensions.conf 中写 [\(context)]"))
        }
        // A row of seats names its context once; one report is enough.
        var reported: Set<SourceLocation> = []
        for seat in seatsInOrder {
            guard let spot = seats?.contextSpots[seat.number], reported.insert(spot).inserted else { continue }
            check(
                seat.context, spot, Wording(en: "seat \(seat.number)", zh: "座席 \(seat.number) "))
        }
        for trunk in trunks?.trunks ?? [] {
            check(
                trunk.context, trunks?.contextSpots[trunk.name],
                Wording(en: "trunk \"\(trunk.name)\"", zh: "中继 \"\(trunk.name)\" "))
            guard let entry = trunk.entryExtension, dialplan.context(trunk.context) != nil,
                dialplan.match(context: trunk.context, extension: entry, callerID: nil) == nil
            else { continue }
            findings.error(
                trunk.spot,
                Wording(
                    en: "extension \"\(entry)\" of trunk \"\(trunk.name)\" is not in context [\(trunk.context)]",
                    zh: "上下文 [\(trunk.context)] 中没有中继 \"\(trunk.name)\" 的分机 \"\(entry)\""))
        }
    }

    // MARK: Dial targets

    /// `Dial(Seat/8001&Trunk/gateway/${EXTEN:1},30)`: what is written out must make sense and exist; what a variable gives
    /// is known only in a call, and then `Destination` reads it, which takes no name from what was dialled.
    private func checkTargets(_ dialplan: Dialplan) {
        let index = index(dialplan: nil, sections: [])
        for context in dialplan.contexts {
            for step in context.extensions.flatMap(\.steps.values) where step.application.lowercased() == "dial" {
                guard let targets = Arguments.split(step.arguments.outline).first else { continue }
                let written = Arguments.split(step.arguments.source).first ?? ""
                let sources = DestinationList.pieces(of: written)
                let outlines = DestinationList.pieces(of: targets)
                var offset = 0
                for (place, outline) in outlines.enumerated() {
                    var spot = step.argumentsLocation
                    spot.column += offset
                    // A `&` within a variable's own text leaves the two lists unlike; the step's place is told then.
                    if sources.count == outlines.count { offset += sources[place].unicodeScalars.count + 1 }
                    check(target: String(outline).trimmed, at: spot, index: index)
                }
            }
        }
    }

    /// Of other switches, with what serves instead here.
    private static let foreign: [String: Wording] = [
        "dahdi": Wording(
            en: "analogue lines are behind a gateway here: Trunk/NAME/NUMBER", zh: "模拟线路由网关接入：Trunk/名称/号码"),
        "zap": Wording(
            en: "analogue lines are behind a gateway here: Trunk/NAME/NUMBER", zh: "模拟线路由网关接入：Trunk/名称/号码"),
        "iax2": Wording(en: "only SIP is spoken here: Trunk/NAME/NUMBER", zh: "这里只支持 SIP：Trunk/名称/号码"),
        "local": Wording(en: "Goto the extension, or Dial what it dials", zh: "用 Goto 转到该分机，或直接 Dial 它所拨的目的地"),
    ]

    private func check(target: String, at spot: SourceLocation, index: SiteIndex) {
        guard let hole = Template.hole.first, let kind = target.split(separator: "/").first, !kind.contains(hole) else {
            return
        }
        let expected = Wording(en: "Seat/NUMBER or Trunk/NAME/NUMBER", zh: "Seat/号码 或 Trunk/名称/号码")
        do throws(DestinationError) {
            guard let destination = try Destination.outline(of: target, hole: hole) else { return }
            if DialTarget(destination) != nil {
                return check(destination, at: spot, index: index, schemes: [])
            }
        } catch {
            guard SiteCheck.foreign[kind.lowercased()] == nil else { return reportUnknown(target, kind, at: spot) }
            return findings.error(spot, error.wording, hint: expected)
        }
        reportUnknown(target, kind, at: spot)
    }

    private func reportUnknown(_ target: String, _ kind: Substring, at spot: SourceLocation) {
        let shown = target.replacing(Template.hole, with: "…")
        findings.error(
            spot, Wording(en: "Dial does not know \"\(shown)\"", zh: "Dial 不认识 \"\(shown)\""),
            hint: SiteCheck.foreign[kind.lowercased()]
                ?? Wording(
                    en: "Seat/NUMBER or Trunk/NAME/NUMBER, also written SIP/NUMBER, SIP/TRUNK/NUMBER",
                    zh: "Seat/号码 或 Trunk/名称/号码，也可写 SIP/号码、SIP/中继/号码"))
    }

    // MARK: Codes and numbers

    /// A code goes before the dialplan; an extension of that very name would never be reached.
    private func checkFeatureCodes(_ dialplan: Dialplan) {
        for feature in features.features {
            guard let spot = features.spots[feature.name], let dialled = sample(of: feature.code) else { continue }
            for context in Set(seatsInOrder.map(\.context)).sorted() {
                guard let match = dialplan.match(context: context, extension: dialled, callerID: nil) else {
                    continue
                }
                let place = match.extension.location
                let message = Wording(
                    en: "code \(feature.code) of \"\(feature.name)\" hides \"\(match.extension.name)\" of"
                        + " [\(match.context)] at \(place)",
                    zh: "\"\(feature.name)\" 的功能码 \(feature.code) 遮住了 \(place) 处 [\(match.context)] 的"
                        + " \"\(match.extension.name)\"")
                if match.extension.isPattern {
                    findings.warning(spot, message)
                } else {
                    findings.error(spot, message)
                }
                break
            }
        }
    }

    /// Something that the code stands for; nil when there is none.
    private func sample(of text: String) -> String? {
        guard let code = SiteCode(text) else { return nil }
        switch code.rest {
        case .nothing: return code.prefix
        case .seat: return seatsInOrder.first.map { code.prefix + $0.number }
        case .number: return code.prefix + "1"
        }
    }

    /// A seat that no seat can dial is hardly meant.
    private func checkSeatsReachable(_ dialplan: Dialplan) {
        let contexts = Set(seatsInOrder.map(\.context)).filter { dialplan.context($0) != nil }.sorted()
        guard !contexts.isEmpty else { return }
        let lost = seatsInOrder.filter { seat in
            !contexts.contains { dialplan.match(context: $0, extension: seat.number, callerID: nil) != nil }
        }
        guard let first = lost.first else { return }
        let list = lost.prefix(5).map(\.number).joined(separator: ", ") + (lost.count > 5 ? " …" : "")
        findings.warning(
            first.spot,
            Wording(
                en: "no seat can dial \(list): nothing matches in the seats' contexts",
                zh: "没有座席能拨打 \(list)：座席的上下文中没有匹配的分机"))
    }

    private var seatsInOrder: [Seat] {
        seats?.seats.values.sorted { ($0.number.count, $0.number) < ($1.number.count, $1.number) } ?? []
    }
}

extension String {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
