// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// The lots at work.
final class ParkingDesk: RunningModule {
    private let host: any ModuleHost
    private var lots: [String: ParkingLot] = [:]
    /// Slots given to legs that are on their way there, by whoever parks them.
    private var underWay: [LegID: String] = [:]

    init(_ host: any ModuleHost) {
        self.host = host
        reloaded()
    }

    func reloaded() {
        let settings = host.section(ParkingSettings.self)?.lots ?? [ParkingSettings.Lot()]
        for lot in settings {
            if lots[lot.name] != nil { lots[lot.name]?.replace(lot) } else { lots[lot.name] = ParkingLot(lot) }
        }
        let names = Set(settings.map(\.name))
        lots = lots.filter { names.contains($0.key) || !$0.value.slots.isEmpty }
    }

    /// Whoever hangs up on his way leaves his slot.
    func heard(_ event: NumberedLedgerEvent) {
        guard event.event.name == LegEnded.name, let leg = event.event.leg, let slot = underWay.removeValue(forKey: leg)
        else {
            return
        }
        leave(slot, leg)
    }

    private func lot(of slot: String) -> String? {
        lots.first { $0.value.slots[slot] != nil }?.key ?? lots.first { $0.value.has(slot) }?.key
    }

    func settings(of slot: String) -> ParkingSettings.Lot {
        lot(of: slot).flatMap { lots[$0]?.settings } ?? ParkingSettings.Lot()
    }

    /// A slot for a leg that will come to it.
    func reserve(_ leg: LegID, parker: DialTarget?) -> String? {
        guard let slot = take(leg, parker: parker, wanted: nil) else { return nil }
        underWay[leg] = slot
        return slot
    }

    func cancel(_ leg: LegID) {
        if let slot = underWay.removeValue(forKey: leg) { leave(slot, leg) }
    }

    /// The slot of a leg that has come: the one reserved for it, else the one it names, else any of the lot it names.
    func arrive(_ leg: LegID, parker: DialTarget?, wanted: String?) -> String? {
        if let slot = underWay.removeValue(forKey: leg) { return slot }
        return take(leg, parker: parker, wanted: wanted)
    }

    private func take(_ leg: LegID, parker: DialTarget?, wanted: String?) -> String? {
        if let wanted, lots[wanted] == nil {
            guard let name = lot(of: wanted) else { return nil }
            return lots[name]?.take(leg, parker: parker, wanted: wanted)
        }
        let name = wanted ?? (lots["default"] != nil ? "default" : lots.keys.min() ?? "default")
        return lots[name]?.take(leg, parker: parker)
    }

    @discardableResult
    func leave(_ slot: String, _ leg: LegID) -> ParkingLot.Parked? {
        lot(of: slot).flatMap { lots[$0]?.leave(slot, leg) }
    }

    func fetch(_ slot: String) -> ParkingLot.Parked? { lot(of: slot).flatMap { lots[$0]?.fetch(slot) } }

    func putBack(_ parked: ParkingLot.Parked, _ slot: String) {
        // Who has gone meanwhile has no slot.
        guard host.leg(parked.leg) != nil, let name = lot(of: slot) else { return }
        lots[name]?.putBack(parked, slot)
    }
}
