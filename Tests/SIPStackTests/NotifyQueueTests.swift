// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import SIPStack

/// The order of the NOTIFYs of one subscription.
@Suite struct NotifyQueueTests {
    static func state(_ text: String, end: String? = nil) -> Notification {
        Notification(contentType: "t", body: Array(text.utf8), end: end)
    }

    private func next(_ queue: inout NotifyQueue) -> Notification? { queue.next() }

    private func settle(_ queue: inout NotifyQueue, isDelivered: Bool = true) -> Bool {
        queue.settled(isDelivered: isDelivered)
    }

    @Test func oneIsOutAndTheNewestWaits() {
        var queue = NotifyQueue()
        #expect(next(&queue) == nil)
        queue.add(Self.state("1"))
        #expect(next(&queue) == Self.state("1"))
        queue.add(Self.state("2"))
        queue.add(Self.state("3"))
        #expect(next(&queue) == nil, "one is out")
        #expect(settle(&queue) == false)
        #expect(next(&queue) == Self.state("3"))
        #expect(settle(&queue) == false)
        #expect(queue.state == .idle)
    }

    @Test func lastOneIsSentWhateverComesAfter() {
        var queue = NotifyQueue()
        queue.add(Self.state("1"))
        _ = queue.next()
        queue.add(Self.state("200", end: "noresource"))
        queue.add(Self.state("late"))
        #expect(queue.isClosed)
        #expect(settle(&queue) == false)
        #expect(next(&queue) == Self.state("200", end: "noresource"))
        queue.add(Self.state("later"))
        #expect(settle(&queue) == true)
    }

    @Test func lastOneWithoutBodyCarriesWhatWaited() {
        var queue = NotifyQueue()
        queue.add(Self.state("1"))
        queue.add(Notification(end: "timeout"))
        #expect(next(&queue) == Self.state("1", end: "timeout"))
    }

    @Test func undeliveredOneIsTriedAgainSoManyTimesAndNotOnceThereIsNews() {
        var queue = NotifyQueue()
        queue.add(Self.state("1", end: "timeout"))
        for attempt in 1...NotifyQueue.maxAttempts {
            #expect(next(&queue) != nil)
            #expect(settle(&queue, isDelivered: false) == (attempt == NotifyQueue.maxAttempts))
        }
        queue = NotifyQueue()
        queue.add(Self.state("1"))
        _ = queue.next()
        queue.add(Self.state("2"))
        #expect(settle(&queue, isDelivered: false) == false)
        #expect(next(&queue) == Self.state("2"))
    }

    @Test(arguments: [
        (200, NotifyOutcome.delivered), (202, .delivered), (481, .ended(status: 481)), (408, .ended(status: 408)),
        (489, .ended(status: 489)), (407, .ended(status: 407)), (500, .failed), (503, .failed), (491, .failed),
    ])
    func answersMeanWhatTheStandardSays(status: Int, outcome: NotifyOutcome) {
        #expect(NotifyOutcome(status: status) == outcome)
    }
}
