// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// Who hears whom, as a table: every role against every role, with the supervised and a third party beside.
@Suite struct HearingTests {
    private static let supervised = LegID(rawValue: 1)

    /// Rows and columns of the table. `agent` is whom supervisors are at the side of.
    private static let roles: [(name: String, role: Role)] = [
        ("agent", .party), ("customer", .party), ("on hold", .onHold), ("muted", .muted), ("listener", .listener),
        ("listens", .supervisor(of: supervised, .listens)), ("whispers", .supervisor(of: supervised, .whispers)),
        ("barges", .supervisor(of: supervised, .barges)),
    ]

    /// Listener by row, speaker by column.
    private static let table = """
        hears     agent customer on hold muted listener listens whispers barges
        agent     -     yes      -       -     -        -       yes      yes
        customer  yes   -        -       -     -        -       -        yes
        on hold   -     -        -       -     -        -       -        -
        muted     yes   yes      -       -     -        -       -        yes
        listener  yes   yes      -       -     -        -       -        yes
        listens   yes   yes      -       -     -        -       -        yes
        whispers  yes   yes      -       -     -        -       -        yes
        barges    yes   yes      -       -     -        -       -        -
        """

    private static func members(_ indices: [Int]) -> [LegID: Hearing.Member] {
        Dictionary(
            uniqueKeysWithValues: indices.map {
                (LegID(rawValue: UInt64($0 + 1)), Hearing.Member(role: roles[$0].role))
            })
    }

    private static func hears(_ members: [LegID: Hearing.Member], _ listener: Int, _ speaker: Int) -> Bool {
        let (to, from) = (LegID(rawValue: UInt64(listener + 1)), LegID(rawValue: UInt64(speaker + 1)))
        return Hearing.cells(members)[Hearing.Cell(listener: to, speaker: from)] ?? (to != from)
    }

    @Test func everybodyTogether() {
        let members = Self.members(Array(Self.roles.indices))
        let widths = Self.roles.map(\.name.count)
        var lines = ["hears     " + Self.roles.map(\.name).joined(separator: " ")]
        for (listener, row) in Self.roles.enumerated() {
            let cells = Self.roles.indices.map { speaker in
                let word = Self.hears(members, listener, speaker) ? "yes" : "-"
                return word + String(repeating: " ", count: widths[speaker] - word.count)
            }
            let name = row.name + String(repeating: " ", count: 10 - row.name.count)
            var line = name + cells.joined(separator: " ")
            while line.last == " " { line.removeLast() }
            lines.append(line)
        }
        print(lines.joined(separator: "\n"))
        #expect(lines.joined(separator: "\n") == Self.table)
    }

    /// What two hear of each other does not depend on who else is there.
    @Test func anyTwoHearEachOtherAsInTheTable() {
        let all = Self.members(Array(Self.roles.indices))
        for a in Self.roles.indices {
            for b in Self.roles.indices where a != b {
                let pair = Self.members([a, b])
                #expect(
                    Self.hears(pair, a, b) == Self.hears(all, a, b), "\(Self.roles[a].name) of \(Self.roles[b].name)")
            }
        }
    }

    @Test func theUsualTalkHasNothingToSay() {
        #expect(Hearing.cells([:]) == [:])
        #expect(Hearing.cells(Self.members([0, 1])) == [:])
        #expect(Hearing.cells(Self.members([0])) == [:])
    }

    @Test func anEchoIsHeardByItselfAlone() {
        var members = Self.members([0, 1])
        members[Self.supervised]?.hearsItself = true
        #expect(
            Hearing.cells(members) == [Hearing.Cell(listener: Self.supervised, speaker: Self.supervised): true])
    }

    @Test func aWhisperForSomebodyWhoHasLeftIsHeardByNobody() {
        let members = Self.members([1, 6])
        #expect(!Self.hears(members, 1, 6))
        #expect(Self.hears(members, 6, 1))
    }

    /// Only what differs from "everybody hears everybody but himself" is told to the engine.
    @Test(arguments: 1...100 as ClosedRange<UInt64>) func onlyDifferencesAreTold(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        var members: [LegID: Hearing.Member] = [:]
        for number in 1...UInt64.random(in: 1...8, using: &entropy) {
            members[LegID(rawValue: number)] = Hearing.Member(
                role: Self.roles.randomElement(using: &entropy)?.role ?? .party,
                hearsItself: Int.random(in: 0..<4, using: &entropy) == 0)
        }
        for (cell, hears) in Hearing.cells(members) {
            #expect(hears != (cell.listener != cell.speaker), "seed \(seed)")
        }
        for listener in members {
            for speaker in members {
                let cell = Hearing.Cell(listener: listener.key, speaker: speaker.key)
                let told = Hearing.cells(members)[cell] ?? (listener.key != speaker.key)
                #expect(
                    told == Hearing.hears((listener.key, listener.value), (speaker.key, speaker.value)), "seed \(seed)")
            }
        }
    }
}
