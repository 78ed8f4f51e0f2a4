// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Testing

@testable import martlet

/// The control socket against clients that are in no hurry, talk nonsense or come all at once.
@Suite struct ControlTests {
    /// A data folder with a server that says back which call was asked for.
    private final class Place: Sendable {
        let folder: String
        let server: ControlServer

        init() throws {
            folder = NSTemporaryDirectory() + "martlet-" + UUID().uuidString.prefix(8)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            server = try ControlServer(dataFolder: folder) { request in
                request.command == "echo"
                    ? ControlReply(messages: [request.call ?? ""]) : ControlReply(error: "unknown command")
            }
            server.start()
        }

        deinit {
            server.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }

        func ask(_ call: String) throws -> [String]? {
            try ControlSocket.ask(ControlRequest(command: "echo", call: call), data: folder).messages
        }

        /// A connection on which nothing has been said yet.
        func connect() -> Int32 {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            _ = ControlSocket.withAddress(ControlSocket.path(inData: folder)) { Glibc.connect(descriptor, $0, $1) }
            return descriptor
        }
    }

    /// Waiting for a socket takes a thread, and the tests' own are few: the server answers on one of them.
    private func apart(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread { continuation.resume(with: Result(catching: body)) }.start()
        }
    }

    @Test func aQuestionIsAnsweredAndAnErrorIsThrown() async throws {
        try await apart {
            let place = try Place()
            #expect(try place.ask("\"quoted\"\nline") == ["\"quoted\"\nline"])
            #expect(throws: ControlError.self) {
                try ControlSocket.ask(ControlRequest(command: "other"), data: place.folder)
            }
            var status = stat()
            #expect(stat(ControlSocket.path(inData: place.folder), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test(arguments: ["\n", "hello\n", "{\n", "{\"command\":1}\n", "[[[[[[[[[[[[[[[[[[[[\n", "\u{0}\u{1}\u{2}\n"])
    func nonsenseIsToldApart(text: String) async throws {
        try await apart {
            let place = try Place()
            let client = place.connect()
            defer { close(client) }
            ControlSocket.writeAll(client, Array(text.utf8), within: .seconds(2))
            let line = try #require(ControlSocket.readLine(client, limit: 4096, within: .seconds(5)))
            let reply = try JSONDecoder().decode(ControlReply.self, from: Data(line))
            #expect(reply.error == "the request is not understood")
            #expect(try place.ask("after") == ["after"])
        }
    }

    @Test func aRequestThatIsTooLongIsHungUpOn() async throws {
        try await apart {
            let place = try Place()
            let client = place.connect()
            defer { close(client) }
            ControlSocket.writeAll(client, [UInt8](repeating: 0x20, count: 10_000), within: .seconds(2))
            #expect(ControlSocket.readLine(client, limit: 4096, within: .seconds(5)) ?? [] == [])
            #expect(try place.ask("after") == ["after"])
        }
    }

    @Test func aClientThatSaysALetterNowAndThenHoldsNobodyUpForLong() async throws {
        try await apart {
            let place = try Place()
            let slow = place.connect()
            let isOver = DispatchSemaphore(value: 0)
            let ended = DispatchSemaphore(value: 0)
            let thread = Thread {
                while isOver.wait(timeout: .now() + 0.2) == .timedOut {
                    ControlSocket.writeAll(slow, [0x7B], within: .seconds(1))
                }
                close(slow)
                ended.signal()
            }
            thread.start()
            #expect(try place.ask("after") == ["after"])
            isOver.signal()
            ended.wait()
        }
    }

    @Test func manyAtOnceAreAllAnswered() async throws {
        try await apart {
            let place = try Place()
            let clients = (0..<12).map { _ in place.connect() }
            for (index, client) in clients.enumerated() {
                let text = "{\"command\":\"echo\",\"call\":\"\(index)\"}\n"
                ControlSocket.writeAll(client, Array(text.utf8), within: .seconds(2))
            }
            for (index, client) in clients.enumerated() {
                let line = try #require(ControlSocket.readLine(client, limit: 4096, within: .seconds(10)))
                #expect(try JSONDecoder().decode(ControlReply.self, from: Data(line)).messages == ["\(index)"])
                close(client)
            }
        }
    }

    @Test func nothingIsLeftWhenTheSwitchEndsAndTheReasonIsTold() async throws {
        try await apart {
            let place = try Place()
            place.server.stop()
            #expect(!FileManager.default.fileExists(atPath: ControlSocket.path(inData: place.folder)))
            #expect(throws: ControlError.self) { try place.ask("x") }
        }
    }

    @Test func aFolderWhoseSocketPathWouldBeTooLongIsRefusedByName() async throws {
        try await apart {
            let folder = "/tmp/" + String(repeating: "x", count: 120)
            #expect(throws: ControlError.self) { try ControlSocket.checkPath(inData: folder) }
            #expect(throws: ControlError.self) {
                try ControlSocket.ask(ControlRequest(command: "status"), data: folder)
            }
        }
    }
}
