// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// What is asked over the control socket: one JSON object on one line, answered by one line.
struct ControlRequest: Codable, Sendable {
    /// `status`, `calls`, `registrations`, `lamps`, `call`, `reload`.
    var command: String
    var call: String?
    /// Of `call`: a command of the exchange (`CommandText`).
    var words: [String]?
}

struct ControlReply: Codable, Sendable {
    /// nil when all went well.
    var error: String?
    var status: StatusReport?
    var calls: [CallReport]?
    var registrations: [RegistrationReport]?
    var lamps: [LampReport]?
    /// For reload: warnings, or what is wrong with the site.
    var messages: [String]?
    /// Of a command that began a call: its number.
    var call: String?
}

struct StatusReport: Codable, Sendable {
    var version: String
    var site: String
    var processID: Int32
    var upSeconds: Int64
    var listen: [String]
    var calls: Int
    var registrations: Int
    /// Subscriptions to lamps.
    var subscriptions: Int
    var trunks: [TrunkReport]
    /// Totals since the start, by name.
    var counters: [String: UInt64]
}

struct TrunkReport: Codable, Sendable {
    var name: String
    var lines: Int
    var inUse: Int
    var state: String
}

struct CallReport: Codable, Sendable {
    var id: String
    var from: String
    var caller: String
    var dialled: String
    var started: String
    var answered: Bool
    var at: String?
    var legs: [LegReport]
}

struct LegReport: Codable, Sendable {
    var id: String
    var party: String
    var state: String
    var codec: String?
}

struct RegistrationReport: Codable, Sendable {
    var address: String
    var contact: String
    var source: String
    /// False when its connection is gone and none can be opened to it: until it registers again.
    var reachable: Bool
    var expires: String
    var userAgent: String?
}

struct LampReport: Codable, Sendable {
    /// The seat that watches, and the address it does so from.
    var watcher: String
    var source: String
    var number: String
    /// What the number stands for: `seat:8001`, `park:701`.
    var watches: [String]
    /// The event package, `dialog` or `presence`.
    var package: String
    /// `unregistered`, `idle`, `ringing`, `in use`, `in use, ringing`, `on hold`.
    var state: String
    /// NOTIFYs so far.
    var told: UInt32
}
