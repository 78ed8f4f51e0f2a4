// SPDX-License-Identifier: AGPL-3.0-or-later
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

    /// `Dial(Seat/8001&Trunk/gateway/${EXTEN:1},30)`: names that are written out must exist.
    private func checkTargets(_ dialplan: Dialplan) {
        for context in dialplan.contexts {
            for step in context.extensions.flatMap(\.steps.values) where step.application.lowercased() == "dial" {
                guard let targets = Arguments.split(step.arguments.source).first else { continue }
                var offset = 0
                for target in targets.split(separator: "&", omittingEmptySubsequences: false) {
                    var spot = step.argumentsLocation
                    spot.column += offset
                    offset += target.unicodeScalars.count + 1
                    check(String(target).trimmed, at: spot)
                }
            }
        }
    }

    private func check(_ target: String, at spot: SourceLocation) {
        // What a variable gives is known only in a call.
        let parts = target.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let kind = parts.first, !kind.contains("$") else { return }
        switch kind.lowercased() {
        case "seat" where parts.count == 2:
            guard !parts[1].contains("$"), let seats, seats.seats[parts[1]] == nil else { return }
            report(parts[1], at: spot, what: Wording(en: "seat", zh: "座席"), among: seats.seats.keys.sorted())
        case "trunk" where parts.count >= 3:
            guard !parts[1].contains("$"), let trunks, !trunks.names.contains(parts[1]) else { return }
            report(parts[1], at: spot, what: Wording(en: "trunk", zh: "中继"), among: trunks.names.sorted())
        case "seat", "trunk":
            findings.error(
                spot,
                Wording(
                    en: "\"\(target)\" must be Seat/NUMBER or Trunk/NAME/NUMBER",
                    zh: "\"\(target)\" 应为 Seat/号码 或 Trunk/名称/号码"))
        default:
            findings.error(
                spot,
                Wording(en: "Dial does not know \"\(target)\"", zh: "Dial 不认识 \"\(target)\""),
                hint: Wording(
                    en: "Seat/NUMBER or Trunk/NAME/NUMBER", zh: "Seat/号码 或 Trunk/名称/号码"))
        }
    }

    private func report(_ name: String, at spot: SourceLocation, what: Wording, among names: [String]) {
        findings.error(
            spot, Wording(en: "there is no \(what.en) \"\(name)\"", zh: "没有\(what.zh) \"\(name)\""),
            hint: Wording.didYouMean(name, among: names))
    }

    // MARK: Codes and numbers

    /// A code goes before the dialplan; an extension of that very name would never be reached.
    private func checkFeatureCodes(_ dialplan: Dialplan) {
        for feature in features.features {
            guard let spot = features.spots[feature.name] else { continue }
            for context in Set(seatsInOrder.map(\.context)).sorted() {
                guard let match = dialplan.match(context: context, extension: feature.code, callerID: nil) else {
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
