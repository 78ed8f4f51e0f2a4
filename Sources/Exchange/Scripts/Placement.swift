// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Site

/// Where a leg that is taken goes on.
enum Placement: Hashable, Sendable, CustomStringConvertible {
    /// A number as it would be dialled, in a context given by whoever takes the leg.
    case number(String)
    case place(context: String, exten: String)
    case target(DialTarget)
    /// What a module makes of a destination of its own.
    case service(application: String, argument: String, text: String)
    case end(HangupCause)

    var description: String {
        switch self {
        case .number(let number): number
        case .place(let context, let exten): "\(context),\(exten)"
        case .target(let target): target.description
        case .service(_, _, let text): text
        case .end(let cause): "Hangup/\(cause.rawValue)"
        }
    }
}

extension Switchboard {
    /// What a leg's script is to begin with at a placement.
    func entry(at placement: Placement, for leg: Leg, context: String) -> ScriptEntry {
        var entry = ScriptEntry(site: leg.site, context: context, exten: "s", dialled: "", runner: leg.runner)
        switch placement {
        case .number(let number):
            entry.exten = number.isEmpty ? "s" : number
            entry.dialled = number
            entry.feature = leg.site.feature(dialled: number)
        case .place(let context, let exten):
            entry.context = context
            entry.exten = exten
            entry.dialled = exten
        case .target(let target):
            entry.dialled = target.description
            entry.runner = { call, _ in
                if let result = try? await call.dial(DialRequest(targets: [target], timeout: nil)) {
                    call.hangUp(result.cause)
                }
            }
        case .service(let application, let argument, let text):
            entry.dialled = text
            entry.feature = SiteFeature(
                name: text, code: text, synopsis: "", application: application,
                arguments: argument.isEmpty ? [] : [argument])
        case .end(let cause): entry.runner = { call, _ in call.hangUp(cause) }
        }
        return entry
    }

    /// In which context a leg's transfer targets are looked up.
    func transferContext(of leg: Leg) -> String {
        guard case .seat(let number) = leg.party, let seat = leg.site.seat(number) else { return leg.context }
        return seat.transferContext ?? leg.context
    }
}
