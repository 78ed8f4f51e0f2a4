// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import Exchange

@Suite struct LoginGuardTests {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    private func isAllowed(_ source: String, _ second: Int64, _ guardian: inout LoginGuard) -> Bool {
        guardian.allows(source, now: at(second))
    }

    private func check(_ value: Bool, _ wanted: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(value == wanted, sourceLocation: sourceLocation)
    }

    @Test func tooManyFailuresInAMinuteLockASourceOutForFiveMinutesAndNobodyElse() {
        var guardian = LoginGuard(failuresPerMinute: 3)
        for second in 0..<3 { guardian.failed("a", now: at(Int64(second))) }
        check(isAllowed("a", 3, &guardian), false)
        check(isAllowed("b", 3, &guardian), true)
        check(isAllowed("a", 301, &guardian), false)
        check(isAllowed("a", 303, &guardian), true)
        // It begins anew, not with one failure left.
        guardian.failed("a", now: at(304))
        check(isAllowed("a", 305, &guardian), true)
    }

    @Test func failuresFarApartOrMendedByALoginAreForgiven() {
        var guardian = LoginGuard(failuresPerMinute: 2)
        guardian.failed("a", now: at(0))
        guardian.failed("a", now: at(100))
        check(isAllowed("a", 101, &guardian), true)
        guardian.succeeded("a")
        guardian.failed("a", now: at(102))
        check(isAllowed("a", 103, &guardian), true)
    }

    @Test func aCrowdOfSourcesIsNotRememberedWithoutEnd() {
        var guardian = LoginGuard(failuresPerMinute: 1)
        for source in 0..<25_000 { guardian.failed("\(source)", now: at(Int64(source) / 1000)) }
        #expect(guardian.count <= 10_000)
        check(isAllowed("24999", 25, &guardian), false)
    }
}
