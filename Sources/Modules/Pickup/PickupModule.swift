// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Call pickup: a call that rings elsewhere is taken, from one's own group or from a seat.
public struct PickupModule: Module {
    public let name = "pickup"

    public init() {}

    public var applications: [ModuleApplication] {
        [
            ModuleApplication(
                name: "Pickup",
                synopsis: "Takes the call that rings for one of the seats, without any the longest of one's own groups",
                maximumArguments: 1, body: Self.pickup)
        ]
    }

    public var featureCodes: [FeatureCode] {
        [
            FeatureCode(
                name: "pickup", defaultCode: "*8", synopsis: "Takes the call that rings longest in your groups",
                application: "Pickup"),
            FeatureCode(
                name: "pickup_seat", defaultCode: "**{seat}", synopsis: "Takes the call that rings for the seat",
                application: "Pickup"),
        ]
    }

    public func start(_ host: any ModuleHost) -> any RunningModule { PickupDesk(host) }

    /// `Pickup([seat[@context][&seat…]])`; `PICKUPMARK` is not known here. Sets PICKUPRESULT: SUCCESS or FAILURE.
    @Sendable private static func pickup(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        let seats = (context.argument(0) ?? "").split(separator: "&")
            .map { String($0.split(separator: "@").first ?? "") }
        for leg in (context.module as? PickupDesk)?.ringing(for: call, seats: seats) ?? [] {
            do {
                context.variables.setVariable("PICKUPRESULT", "SUCCESS")
                try call.perform(.pickUp(by: call.id, of: leg))
                // The call is this leg's now, and another script's.
                try await call.sleep(.seconds(1))
                return .next
            } catch is CommandRefusal {
                // Answered or given up in this very moment.
                continue
            }
        }
        context.variables.setVariable("PICKUPRESULT", "FAILURE")
        call.note("pickup.nothing", [("seats", seats.joined(separator: "&"))])
        try await call.answer()
        _ = try await call.play("martlet/nothing-to-pick-up", interruptedBy: [])
        return .next
    }
}

/// Who rings.
final class PickupDesk: RunningModule {
    private let host: any ModuleHost

    init(_ host: any ModuleHost) { self.host = host }

    /// Legs that ring for these seats, or for one of the caller's groups, the longest first. Never his own.
    func ringing(for call: any CallControl, seats: [String]) -> [LegID] {
        guard case .seat(let own) = call.party else { return [] }
        let groups = host.pickupGroups(ofSeat: own)
        return host.legs.filter { leg in
            guard !leg.isIncoming, leg.state == .ringing || leg.state == .trying, case .seat(let number) = leg.party,
                number != own, leg.call != call.callID
            else { return false }
            if !seats.isEmpty { return seats.contains(number) }
            return !groups.isDisjoint(with: host.pickupGroups(ofSeat: number))
        }.map(\.id)
    }
}
