// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel
internal import Glibc

extension EngineDoor {
    public func drain(_ body: (MediaEvent) -> Void) {
        for thread in threads.indices {
            flushBacklog(thread)
            let ring = threads[thread].core.pointee.ports[shard].reports
            // What comes while events are handled waits for the next call: it was signalled too.
            var left = ring.capacity
            while left > 0, let report = ring.pop() {
                left -= 1
                if let event = take(report, thread) { body(event) }
            }
        }
        for outcome in writer.takeOutcomes(shard: shard) {
            if let event = take(outcome) { body(event) }
        }
    }

    private func take(_ report: Report, _ thread: Int) -> MediaEvent? {
        switch report {
        case .started(let handle): return .started(MediaLeg(rawValue: handle.rawValue))
        case .digit(let handle, let event, let duration):
            guard let key = DTMFKey(event: event) else { return nil }
            return .digit(
                MediaLeg(rawValue: handle.rawValue), key.character, duration: .microseconds(Int64(duration) * 125))
        case .timedOut(let handle): return .timedOut(MediaLeg(rawValue: handle.rawValue))
        case .digitsSent(let handle): return .digitsSent(MediaLeg(rawValue: handle.rawValue))
        case .roomClosed(let handle):
            tables[thread].rooms.giveBack(handle)
            return nil
        case .legClosed(let handle, let figures, let rtp, let rtcp, let decoder):
            Glibc.close(rtp)
            Glibc.close(rtcp)
            if let decoder { LegDecoder.free(decoder) }
            tables[thread].legs.giveBack(handle)
            return .legClosed(MediaLeg(rawValue: handle.rawValue), statistics(figures))
        case .ended(let handle, let samples): return instrumentEnded(handle, thread, samples: samples)
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

    private func instrumentEnded(_ handle: Handle, _ thread: Int, samples: UInt64) -> MediaEvent? {
        guard let instrument = instruments[handle] else { return nil }
        tables[thread].instruments.giveBack(handle)
        switch instrument.kind {
        case .player:
            instruments[handle] = nil
            let played = Duration.microseconds(
                Int64(clamping: samples.multipliedReportingOverflow(by: 125).partialValue))
            return .finished(MediaInstrument(rawValue: handle.rawValue), played: played)
        case .recorder:
            // The file's end is told by the writer, once it is on the disk.
            writer.nudge()
            if instrument.isTold {
                instruments[handle] = nil
            } else {
                instruments[handle]?.hasEnded = true
            }
            return nil
        }
    }

    private func take(_ outcome: RecorderWriter.Outcome) -> MediaEvent? {
        guard let instrument = instruments[outcome.handle], !instrument.isTold else { return nil }
        if instrument.hasEnded {
            instruments[outcome.handle] = nil
        } else {
            // The disk failed while the room goes on: media stops as well.
            instruments[outcome.handle]?.isTold = true
            put(.stop(outcome.handle))
        }
        return .recorded(
            MediaInstrument(rawValue: outcome.handle.rawValue), length: outcome.length, error: outcome.error)
    }
}
