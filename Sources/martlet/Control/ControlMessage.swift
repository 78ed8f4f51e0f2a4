// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// What is asked over the control socket: one JSON object on one line, answered by one line.
struct ControlRequest: Codable, Sendable {
    /// `status`, `calls`, `registrations`, `hangup`, `reload`.
    var command: String
    var call: String?
}

struct ControlReply: Codable, Sendable {
    /// nil when all went well.
    var error: String?
    var status: StatusReport?
    var calls: [CallReport]?
    var registrations: [RegistrationReport]?
    /// For reload: warnings, or what is wrong with the site.
    var messages: [String]?
}

struct StatusReport: Codable, Sendable {
    var version: String
    var site: String
    var processID: Int32
    var upSeconds: Int64
    var listen: [String]
    var shards: Int
    var calls: Int
    var registrations: Int
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
    var expires: String
    var userAgent: String?
}
