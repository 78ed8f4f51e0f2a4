// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Legs that are together, and what plays there.
///
/// Every leg has a room of its own from its first need of media; joining is moving. A room lives as long as it has
/// members; what plays in it ends with it, what follows a leg (a recording) moves with the leg.
final class Room {
    let media: MediaRoom
    private let door: any MediaDoor
    private(set) var members: [LegID: Hearing.Member] = [:]
    private var handles: [LegID: MediaLeg] = [:]
    /// The cells the engine was told of.
    private var cells: [Hearing.Cell: Bool] = [:]

    init(door: any MediaDoor, affinity: UInt64) throws(MediaError) {
        self.door = door
        media = try door.openRoom(callAffinity: affinity)
    }

    var isEmpty: Bool { members.isEmpty }

    /// The member's media is in the room already: it was opened here.
    func add(_ leg: LegID, _ handle: MediaLeg, role: Role = .party) {
        members[leg] = Hearing.Member(role: role)
        handles[leg] = handle
        update()
    }

    /// The member's media moves in.
    func take(_ leg: LegID, _ handle: MediaLeg, role: Role = .party) {
        door.move(handle, to: media)
        add(leg, handle, role: role)
    }

    /// The member is gone, or has moved; the cells that named it went with it. The last one closes the room.
    func remove(_ leg: LegID) {
        guard members.removeValue(forKey: leg) != nil else { return }
        handles[leg] = nil
        cells = cells.filter { $0.key.listener != leg && $0.key.speaker != leg }
        if members.isEmpty {
            door.close(media)
        } else {
            update()
        }
    }

    func setRole(_ role: Role, of leg: LegID) {
        guard members[leg]?.role != role, members[leg] != nil else { return }
        members[leg]?.role = role
        update()
    }

    func setEcho(_ on: Bool, of leg: LegID) {
        guard members[leg] != nil else { return }
        members[leg]?.hearsItself = on
        update()
    }

    /// Sends the engine what has changed.
    private func update() {
        let wanted = Hearing.cells(members)
        guard wanted != cells else { return }
        for (cell, hears) in wanted where cells[cell] != hears { set(cell, hears) }
        for cell in cells.keys where wanted[cell] == nil { set(cell, nil) }
        cells = wanted
    }

    /// nil takes the cell back.
    private func set(_ cell: Hearing.Cell, _ hears: Bool?) {
        guard let listener = handles[cell.listener], let speaker = handles[cell.speaker] else { return }
        door.setGain(media, listener: .leg(listener), speaker: .leg(speaker), gain: hears.map { $0 ? 1 : 0 })
    }
}
