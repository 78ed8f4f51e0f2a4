// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Call park: a talk is set aside in a slot and fetched from any telephone by dialling the slot.
public struct ParkingModule: Module {
    public let name = "parking"

    public init() {}

    public var section: (any SiteSection.Type)? { ParkingSettings.self }
    public var destinations: [String: String] { ["park": "Park"] }

    public var applications: [ModuleApplication] {
        [
            ModuleApplication(
                name: "Park",
                synopsis:
                    "Parks the caller, or the other side of the talk, in a slot or a lot; continues when nobody wants him",
                maximumArguments: 2, body: Self.park),
            ModuleApplication(
                name: "ParkedCall", synopsis: "Talks to whoever is parked in the slot", minimumArguments: 1,
                maximumArguments: 1, body: Self.fetch),
        ]
    }

    public var talkFeatures: [TalkFeature] {
        [TalkFeature(name: "park", defaultCode: "*3", synopsis: "parks the other side", application: "Park")]
    }

    public func start(_ host: any ModuleHost) -> any RunningModule { ParkingDesk(host) }

    // MARK: Park

    /// `Park([slot or lot])`. Leaves PARKINGSLOT; PARKINGERROR is FULL when there was no slot.
    @Sendable private static func park(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        guard let desk = context.module as? ParkingDesk else { return .next }
        if let partner = context.call.partner { return try await parkPartner(partner, context, desk) }
        let call = context.call
        let parker = (context.variables.variable("BLINDTRANSFER")).flatMap(target)
        guard let slot = desk.arrive(call.id, parker: parker, wanted: context.argument(0)) else {
            context.variables.setVariable("PARKINGERROR", "FULL")
            call.note("park.refused", [("reason", "full")])
            // A transfer to a full lot has failed and comes back; a caller of his own accord is told.
            if parker == nil {
                try await call.answer()
                _ = try await call.play("pbx-parkingfailed", interruptedBy: [])
            }
            return .hangUp(.switchCongestion)
        }
        defer { desk.leave(slot, call.id) }
        context.variables.setVariable("PARKINGSLOT", slot)
        try await call.answer()
        call.note("parked", [("slot", slot), ("by", parker?.description ?? "")])
        if try await call.rest(for: desk.settings(of: slot).timeout) == .talked { return .hangUp(.normalClearing) }
        guard let parked = desk.leave(slot, call.id) else { return .next }
        call.note("park.timedOut", [("slot", slot)])
        guard let parker = parked.parker else { return .next }
        // Who rings him is somebody he has parked.
        let caller = call.caller
        call.caller.name = "Park \(slot): \(caller.name.isEmpty ? caller.number : caller.name)"
        let result = try await call.dial(
            DialRequest(targets: [parker], timeout: desk.settings(of: slot).ringsFor, forcesRingback: true))
        call.caller = caller
        return result.status == .answer ? .hangUp(.normalClearing) : .next
    }

    /// By keys in the middle of a talk: the slot is announced to whoever parks.
    private static func parkPartner(
        _ partner: LegID, _ context: ApplicationContext, _ desk: ParkingDesk
    ) async throws -> ApplicationOutcome {
        let call = context.call
        guard let slot = desk.reserve(partner, parker: call.party.dialTarget) else {
            context.variables.setVariable("PARKINGERROR", "FULL")
            call.note("park.refused", [("reason", "full")])
            _ = try await call.play("pbx-parkingfailed", interruptedBy: Set("0123456789*#"))
            return .next
        }
        do {
            try call.perform(.take(partner, to: .other(scheme: "park", name: slot)))
        } catch {
            desk.cancel(partner)
            throw error
        }
        context.variables.setVariable("PARKINGSLOT", slot)
        for digit in slot { _ = try await call.play("digits/\(digit)", interruptedBy: ["#"]) }
        return .next
    }

    /// `SIP/8002-0000001a` of BLINDTRANSFER.
    private static func target(_ channel: String) -> DialTarget? {
        let name = channel.lastIndex(of: "-").map { channel[..<$0] } ?? channel[...]
        return (try? Destination(parsing: name)).flatMap { DialTarget($0) }
    }

    // MARK: Fetch

    /// `ParkedCall(slot)`.
    @Sendable private static func fetch(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        guard let desk = context.module as? ParkingDesk, let slot = context.argument(0), let parked = desk.fetch(slot)
        else {
            return try await nobody(call)
        }
        do {
            call.note("unparked", [("slot", slot), ("leg", parked.leg.description)])
            try await call.join(parked.leg)
        } catch is CommandRefusal {
            desk.putBack(parked, slot)
            return try await nobody(call)
        }
        return .hangUp(.normalClearing)
    }

    private static func nobody(_ call: any CallControl) async throws -> ApplicationOutcome {
        call.note("park.empty", [])
        try await call.answer()
        _ = try await call.play("pbx-invalidpark", interruptedBy: [])
        return .hangUp(.unallocatedNumber)
    }
}
