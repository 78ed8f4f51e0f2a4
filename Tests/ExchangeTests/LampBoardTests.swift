// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPStack
import Testing
import Timing

@testable import Exchange

/// The machine: what goes in, what it asks for.
@Suite struct LampBoardTests {
    private static let idle = LampLook(isReachable: true)
    private static let away = LampLook(isReachable: false)
    private static let ringing = LampLook(
        isReachable: true, dialogs: [LampDialog(id: "1", isInitiator: false, state: .early)])
    private static let talking = LampLook(
        isReachable: true, dialogs: [LampDialog(id: "1", isInitiator: false, state: .confirmed)])
    private static let over = [LampDialog(id: "1", isInitiator: false, state: .terminated)]
    private static let a = LampName.seat("8001")
    private static let b = LampName.seat("8002")

    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    private static func id(_ number: UInt64) -> SubscriptionID { SubscriptionID(rawValue: number) }
    private static func watch(_ names: [LampName] = [a], by watcher: String = "8003", from source: String = "x")
        -> LampBoard.Watch
    {
        LampBoard.Watch(
            watcher: watcher, source: source, number: "8001", domain: "martlet", package: .dialog, names: names)
    }
    private static func notify(
        _ number: UInt64, _ version: UInt32, _ look: LampLook, over: [LampDialog] = []
    ) -> LampBoard.Action {
        .notify(id(number), LampBoard.Notice(version: version, look: look, over: over))
    }
    /// One subscription, told `idle` at 0 ms.
    private static func begun() -> LampBoard {
        var board = LampBoard()
        #expect(board.begun(id(1), watch(), looks: [a: idle], now: at(0)) == [notify(1, 0, idle)])
        return board
    }

    @Test func aChangeAfterRestIsToldAtOnce() {
        var board = Self.begun()
        #expect(board.changed(Self.a, to: Self.ringing, now: Self.at(100)) == [Self.notify(1, 1, Self.ringing)])
        #expect(board.nextDeadline == nil)
    }

    @Test func withinTheIntervalTheLastStateWaitsAndWins() {
        var board = Self.begun()
        _ = board.changed(Self.a, to: Self.ringing, now: Self.at(200))
        #expect(board.changed(Self.a, to: Self.idle, now: Self.at(210)) == [])
        #expect(board.changed(Self.a, to: Self.talking, now: Self.at(220)) == [])
        #expect(board.nextDeadline == Self.at(300))
        #expect(board.due(Self.at(299)) == [])
        #expect(board.due(Self.at(300)) == [Self.notify(1, 2, Self.talking)])
        #expect(board.nextDeadline == nil)
    }

    @Test func whatHasGoneBackIsNotToldAgain() {
        var board = Self.begun()
        _ = board.changed(Self.a, to: Self.ringing, now: Self.at(200))
        _ = board.changed(Self.a, to: Self.talking, now: Self.at(210))
        _ = board.changed(Self.a, to: Self.ringing, now: Self.at(220))
        #expect(board.due(Self.at(300)) == [])
        #expect(board.nextDeadline == nil)
        #expect(board.version(Self.id(1)) == 2)
    }

    @Test func theSameStateIsToldOnce() {
        var board = Self.begun()
        #expect(board.changed(Self.a, to: Self.idle, now: Self.at(500)) == [])
        #expect(board.changed(Self.b, to: Self.ringing, now: Self.at(500)) == [])
    }

    @Test func whatIsOverIsNamedOnce() {
        var board = Self.begun()
        _ = board.changed(Self.a, to: Self.talking, now: Self.at(200))
        #expect(
            board.changed(Self.a, to: Self.idle, now: Self.at(400))
                == [Self.notify(1, 2, Self.idle, over: Self.over)])
        #expect(board.refreshed(Self.id(1), now: Self.at(500)) == [Self.notify(1, 3, Self.idle)])
    }

    @Test func aRenewalIsToldTheFullStateAtOnceAndTakesWhatWaited() {
        var board = Self.begun()
        _ = board.changed(Self.a, to: Self.ringing, now: Self.at(10))
        #expect(board.nextDeadline == Self.at(100))
        #expect(board.refreshed(Self.id(1), now: Self.at(20)) == [Self.notify(1, 1, Self.ringing)])
        #expect(board.nextDeadline == nil)
    }

    @Test func anEndForgetsEverything() {
        var board = Self.begun()
        _ = board.changed(Self.a, to: Self.ringing, now: Self.at(10))
        board.ended(Self.id(1))
        #expect(board.count == 0)
        #expect(board.nextDeadline == nil)
        #expect(!board.isWatched(Self.a))
        #expect(board.changed(Self.a, to: Self.talking, now: Self.at(500)) == [])
        #expect(board.refreshed(Self.id(1), now: Self.at(500)) == [])
        board.ended(Self.id(1))
        #expect(board.due(Self.at(900)) == [])
    }

    @Test func aNewcomersLookIsToldTheOthersToo() {
        var board = Self.begun()
        #expect(
            board.begun(Self.id(2), Self.watch(), looks: [Self.a: Self.ringing], now: Self.at(300))
                == [Self.notify(1, 1, Self.ringing), Self.notify(2, 0, Self.ringing)])
    }

    @Test func presenceIsToldWhenWhatItSaysChangesAndNotForEveryCall() {
        var board = LampBoard()
        let watch = LampBoard.Watch(
            watcher: "8003", source: "x", number: "8001", domain: "martlet", package: .presence, names: [Self.a])
        _ = board.begun(Self.id(1), watch, looks: [Self.a: Self.talking], now: Self.at(0))
        let two = LampLook(
            isReachable: true,
            dialogs: Self.talking.dialogs + [LampDialog(id: "2", isInitiator: true, state: .confirmed)])
        #expect(board.changed(Self.a, to: two, now: Self.at(200)) == [])
        #expect(board.changed(Self.a, to: Self.idle, now: Self.at(400)).count == 1)
    }

    @Test func severalOfOneHintAreMerged() {
        var board = LampBoard()
        let talking = LampLook(isReachable: true, dialogs: [LampDialog(id: "9", isInitiator: true, state: .confirmed)])
        #expect(
            board.begun(
                Self.id(1), Self.watch([Self.a, Self.b]), looks: [Self.a: Self.away, Self.b: talking], now: Self.at(0))
                == [Self.notify(1, 0, talking)])
        let both = LampLook(isReachable: true, dialogs: Self.ringing.dialogs + talking.dialogs)
        #expect(board.changed(Self.a, to: Self.ringing, now: Self.at(200)) == [Self.notify(1, 1, both)])
    }

    @Test func afterAReloadTheNumberStandsForSomethingElseOrNothing() {
        var board = Self.begun()
        #expect(board.moved(Self.id(1), to: [Self.a], looks: [Self.a: Self.idle], now: Self.at(500)) == [])
        #expect(
            board.moved(Self.id(1), to: [Self.b], looks: [Self.b: Self.ringing], now: Self.at(500))
                == [Self.notify(1, 1, Self.ringing)])
        #expect(!board.isWatched(Self.a))
        #expect(board.moved(Self.id(1), to: nil, looks: [:], now: Self.at(900)) == [.end(Self.id(1))])
        #expect(board.moved(Self.id(7), to: nil, looks: [:], now: Self.at(900)) == [])
    }

    @Test func aLampThatManyWatchIsToldInBursts() {
        var board = LampBoard()
        let number = 250
        for each in 1...UInt64(number) {
            _ = board.begun(Self.id(each), Self.watch(by: "\(each)"), looks: [Self.a: Self.idle], now: Self.at(0))
        }
        var told = board.changed(Self.a, to: Self.ringing, now: Self.at(200))
        #expect(told.count == LampBoard.burst)
        #expect(board.nextDeadline == Self.at(200))
        while board.nextDeadline != nil {
            let more = board.due(Self.at(201))
            #expect((1...LampBoard.burst).contains(more.count))
            if more.isEmpty { break }
            told += more
        }
        #expect(Set(told).count == number)
    }

    @Test func aSeatAnAddressAndTheSwitchHaveEnoughAtSomePoint() {
        var tally = LampTally()
        for _ in 0..<LampTally.perWatcher { tally.add(Self.watch(by: "1", from: "a")) }
        #expect(tally.refusal(watcher: "1", source: "b") == .watcher)
        #expect(tally.refusal(watcher: "2", source: "a") == nil)
        for _ in LampTally.perWatcher..<LampTally.perSource { tally.add(Self.watch(by: "2", from: "a")) }
        #expect(tally.refusal(watcher: "3", source: "a") == .source)
        for _ in LampTally.perSource..<LampTally.all { tally.add(Self.watch(by: "3", from: "c")) }
        #expect(tally.refusal(watcher: "4", source: "d") == .all)
        tally.remove(Self.watch(by: "1", from: "a"))
        #expect(tally.refusal(watcher: "4", source: "d") == nil)
        #expect(tally.refusal(watcher: "1", source: "d") == nil)
    }

    @Test func lampsOfModulesAreFoundByNumber() {
        var lamps = ModuleLamps()
        #expect(lamps.set("park:701", .idle) == nil)
        #expect(lamps.name(forNumber: "701") == "park:701")
        #expect(lamps.set("park", .idle) == .badName)
        #expect(lamps.set("park:", .idle) == .badName)
        #expect(lamps.set("park:7<01", .idle) == .badName)
        #expect(lamps.set("park:" + String(repeating: "7", count: 80), .idle) == .badName)
        for number in 1..<ModuleLamps.most { #expect(lamps.set("x:\(number + 10_000)", .idle) == nil) }
        #expect(lamps.set("x:1", .idle) == .tooMany)
        #expect(lamps.set("park:701", nil) == nil)
        #expect(lamps["park:701"] == nil)
        #expect(lamps.name(forNumber: "701") == nil)
    }
}
