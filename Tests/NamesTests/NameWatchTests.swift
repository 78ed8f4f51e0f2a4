// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import Names

@Suite struct NameWatchTests {
    private let service = NameService(host: "sip.example", port: nil, transport: .udp)
    private let failure = NameFailure.noAnswer("sip.example")

    private func list(_ seconds: Int64, address: String = "192.0.2.1") -> ServerList {
        ServerList(
            servers: [ServerList.Server(targets: [ServerTarget(address: address, port: 5060)])],
            lifetime: .seconds(seconds))
    }

    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    /// TTL 0 must not become a storm, and a day's TTL not a trunk that is lost for a day.
    @Test(arguments: [(0, 5), (5, 5), (60, 60), (3_600, 3_600), (86_400, 3_600)] as [(Int64, Int64)])
    func anAnswerIsKeptWithinBounds(seconds: Int64, kept: Int64) {
        var watch = NameWatch()
        #expect(watch.follow([service], now: at(0)) == [service])
        #expect(watch.answered(service, .success(list(seconds)), now: at(0)) == .found(list(seconds)))
        #expect(watch.nextDeadline == at(kept))
        #expect(watch.due(at(kept - 1)).isEmpty)
        #expect(watch.due(at(kept)) == [service])
    }

    @Test func aFailureKeepsTheLastAnswerAndIsPutAgainEveryThirtySeconds() {
        var watch = NameWatch()
        _ = watch.follow([service], now: at(0))
        _ = watch.answered(service, .success(list(60)), now: at(0))
        _ = watch.due(at(60))
        #expect(watch.answered(service, .failure(failure), now: at(60)) == .failed(failure, isKept: true))
        #expect(watch.nextDeadline == at(90))
        #expect(watch.servers(of: service) == list(60))
        // The same again is no news.
        _ = watch.due(at(90))
        #expect(watch.answered(service, .failure(failure), now: at(90)) == nil)
        #expect(watch.nextDeadline == at(120))
        #expect(watch.answered(service, .success(list(60)), now: at(120)) == .found(list(60)))
    }

    @Test func aNameThatNeverResolvedSaysSo() {
        var watch = NameWatch()
        _ = watch.follow([service], now: at(0))
        #expect(watch.state(of: service) == .asking)
        #expect(watch.answered(service, .failure(failure), now: at(1)) == .failed(failure, isKept: false))
        #expect(watch.state(of: service) == .failing(failure, last: nil))
        #expect(watch.servers(of: service) == nil)
    }

    @Test func theSameServersAgainAreNoNews() {
        var watch = NameWatch()
        _ = watch.follow([service], now: at(0))
        _ = watch.answered(service, .success(list(60)), now: at(0))
        #expect(watch.answered(service, .success(list(50)), now: at(60)) == nil)
        #expect(watch.answered(service, .success(list(50, address: "192.0.2.2")), now: at(110)) != nil)
    }

    @Test func whatIsNoLongerWantedIsForgottenAndItsLateAnswerIgnored() {
        var watch = NameWatch()
        _ = watch.follow([service], now: at(0))
        #expect(watch.follow([service], now: at(1)).isEmpty, "asked already")
        #expect(watch.follow([], now: at(2)).isEmpty)
        #expect(watch.nextDeadline == nil)
        #expect(watch.answered(service, .success(list(60)), now: at(3)) == nil)
        #expect(watch.servers(of: service) == nil && watch.nextDeadline == nil)
    }

    @Test func aQuestionWhoseAnswerIsLostIsPutAgain() {
        var watch = NameWatch()
        _ = watch.follow([service], now: at(0))
        #expect(watch.due(at(301)) == [service])
    }
}
