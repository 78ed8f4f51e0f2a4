// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel
internal import Glibc

extension EngineDoor {
    public func drain(_ body: (MediaEvent) -> Void) {
        var left = 0
        for thread in threads.indices {
            flushBacklog(thread)
            left += reports(thread).capacity
        }
        // What comes while events are handled waits for the next call: it was signalled too.
        while left > 0, let (report, thread) = nextReport() {
            left -= 1
            if let event = take(report, thread) { body(event) }
        }
        for outcome in writer.takeOutcomes(shard: shard) {
            if let event = take(outcome) { body(event) }
        }
    }

    /// The report with the lowest order of all threads. A member's reports come from one thread after the other, each
    /// with a higher order; that of the thread before was put before that of the next could be seen, so a second look
    /// finds it.
    private func nextReport() -> (Report, thread: Int)? {
        var chosen: Int?
        while true {
            var best: Int?
            var lowest = UInt64.max
            for thread in threads.indices {
                if let order = reports(thread).first?.order, order < lowest {
                    best = thread
                    lowest = order
                }
            }
            guard let best else { return nil }
            if best == chosen || threads.count == 1, let found = reports(best).pop() { return (found.report, best) }
            chosen = best
        }
    }

    private func reports(_ thread: Int) -> Ring<OrderedReport> { threads[thread].core.pointee.ports[shard].reports }

    private func take(_ report: Report, _ thread: Int) -> MediaEvent? {
        switch report {
        case .started(let handle): return .started(MediaLeg(rawValue: handle.rawValue))
        case .digit(let handle, let event, let duration, let isHeld):
            guard let key = DTMFKey(event: event) else { return nil }
            let press = KeyPress(key.character, for: .microseconds(Int64(duration) * 125))
            return .digit(MediaLeg(rawValue: handle.rawValue), press, isHeld: isHeld)
        case .timedOut(let handle): return .timedOut(MediaLeg(rawValue: handle.rawValue))
        case .digitsSent(let handle): return .digitsSent(MediaLeg(rawValue: handle.rawValue))
        case .roomClosed(let handle):
            tables[thread].rooms.giveBack(handle)
            return nil
        case .legClosed(let handle, let figures, let rtp, let rtcp, let decoder):
            Glibc.close(rtp)
            Glibc.close(rtcp)
            if let decoder { LegDecoder.free(decoder) }
            tables[handle.thread].legs.giveBack(handle)
            legs[handle] = nil
            return .legClosed(MediaLeg(rawValue: handle.rawValue), statistics(figures))
        case .ended(let handle, let samples): return instrumentEnded(handle, samples: samples)
        }
    }

    private func statistics(_ figures: LegFigures) -> LegStatistics {
        var statistics = LegStatistics()
        statistics.packetsReceived = figures.received
        statistics.packetsSent = figures.sent
        statistics.packetsLost = figures.lost
        statistics.packetsRefused = figures.refused
        statistics.jitter = figures.jitter
        return statistics
    }

    private func instrumentEnded(_ handle: Handle, samples: UInt64) -> MediaEvent? {
        guard let instrument = instruments[handle] else { return nil }
        tables[handle.thread].instruments.giveBack(handle)
        switch instrument.kind {
        case .recorder:
            // The file's end is told by the writer, once it is on the disk.
            writer.nudge()
            if instrument.isTold {
                instruments[handle] = nil
            } else {
                instruments[handle]?.hasEnded = true
            }
            return nil
        case .stream(let stream): stream.cancel()
        case .clip, .tone: break
        }
        instruments[handle] = nil
        let played = Duration.microseconds(Int64(clamping: samples.multipliedReportingOverflow(by: 125).partialValue))
        return .finished(MediaInstrument(rawValue: handle.rawValue), played: played)
    }

    private func take(_ outcome: RecorderWriter.Outcome) -> MediaEvent? {
        switch outcome {
        case .made(let handle, let path):
            return .recording(MediaInstrument(rawValue: handle.rawValue), path: path)
        case .done(let handle, let result):
            guard let instrument = instruments[handle], !instrument.isTold else { return nil }
            if instrument.hasEnded {
                instruments[handle] = nil
            } else {
                // The disk failed while the room goes on: media stops as well.
                instruments[handle]?.isTold = true
                put(.stop(handle), instrument.thread)
            }
            return .recorded(MediaInstrument(rawValue: handle.rawValue), result)
        }
    }
}
