// SPDX-License-Identifier: AGPL-3.0-or-later

/// What `sqlite3 .dump` says of a folder that a version with schema 3 left when it was killed: one call is over, another is
/// being talked in, a phone is registered.
enum EarlierFolder {
    static let dump = #"""
        BEGIN TRANSACTION;
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES('1 ledger');
        INSERT INTO grdb_migrations VALUES('2 call records');
        INSERT INTO grdb_migrations VALUES('3 bindings');
        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            call INTEGER,
            leg INTEGER,
            kind TEXT NOT NULL,
            fields TEXT NOT NULL
        );
        INSERT INTO events VALUES(1,1800000001000001,NULL,NULL,'server.started','{"version":"0.1"}');
        INSERT INTO events VALUES(2,1800000002000002,7730941132816777217,NULL,'call.started','{"from":"trunk/gateway/138","number":"138","name":"王 \"O''Neill\"","dialled":"8002","context":"from-trunk"}');
        INSERT INTO events VALUES(3,1800000003000003,7730941132816777217,1,'leg.started','{"party":"trunk/gateway/138","direction":"in","sip_call_id":"a@b","address":"127.0.0.1:5070"}');
        INSERT INTO events VALUES(4,1800000004000004,7730941132816777217,NULL,'dial.started','{"targets":"Seat/8002"}');
        INSERT INTO events VALUES(5,1800000005000005,7730941132816777217,2,'leg.started','{"party":"seat/8002","direction":"out","sip_call_id":"c@d","address":"127.0.0.1:5080"}');
        INSERT INTO events VALUES(6,1800000006000006,7730941132816777217,2,'leg.ringing','{}');
        INSERT INTO events VALUES(7,1800000007000007,7730941132816777217,2,'leg.answered','{"codec":"PCMA"}');
        INSERT INTO events VALUES(8,1800000008000008,7730941132816777217,1,'leg.answered','{"codec":"PCMU"}');
        INSERT INTO events VALUES(9,1800000009000009,7730941132816777217,1,'recording.started','{"path":"/tmp/x.wav"}');
        INSERT INTO events VALUES(10,1800000010000010,7730941132816777217,1,'leg.bridged','{"peer":"2"}');
        INSERT INTO events VALUES(11,1800000011000011,7730941132816777217,1,'leg.unbridged','{"peer":"2"}');
        INSERT INTO events VALUES(12,1800000012000012,7730941132816777217,2,'leg.ended','{"cause":"16","by":"callee","sip_status":"200","received":"500","sent":"0","lost":"0","refused":"0","jitter":"0"}');
        INSERT INTO events VALUES(13,1800000013000013,7730941132816777217,1,'leg.ended','{"cause":"16","by":"callee","received":"500","sent":"0","lost":"0","refused":"0","jitter":"0"}');
        INSERT INTO events VALUES(14,1800000014000014,7730941132816777217,NULL,'call.ended','{"cause":"16","disposition":"ANSWERED","by":"callee"}');
        INSERT INTO events VALUES(15,1800000015000015,7730941132816777218,NULL,'call.started','{"from":"trunk/gateway/138","number":"138","name":"王 \"O''Neill\"","dialled":"8002","context":"from-trunk"}');
        INSERT INTO events VALUES(16,1800000016000016,7730941132816777218,1,'leg.started','{"party":"trunk/gateway/138","direction":"in","sip_call_id":"a@b","address":"127.0.0.1:5070"}');
        INSERT INTO events VALUES(17,1800000017000017,7730941132816777218,NULL,'dial.started','{"targets":"Seat/8002"}');
        INSERT INTO events VALUES(18,1800000018000018,7730941132816777218,2,'leg.started','{"party":"seat/8002","direction":"out","sip_call_id":"c@d","address":"127.0.0.1:5080"}');
        INSERT INTO events VALUES(19,1800000019000019,7730941132816777218,2,'leg.ringing','{}');
        INSERT INTO events VALUES(20,1800000020000020,7730941132816777218,2,'leg.answered','{"codec":"PCMA"}');
        INSERT INTO events VALUES(21,1800000021000021,7730941132816777218,1,'leg.answered','{"codec":"PCMU"}');
        INSERT INTO events VALUES(22,1800000022000022,7730941132816777218,1,'recording.started','{"path":"/tmp/x.wav"}');
        INSERT INTO events VALUES(23,1800000023000023,7730941132816777218,1,'leg.bridged','{"peer":"2"}');
        INSERT INTO events VALUES(24,1800000024000024,NULL,NULL,'registration.added','{"address":"8002","contact":"sip:8002@127.0.0.1:5080","expires":"60","user_agent":"phone"}');
        CREATE TABLE open_calls (call INTEGER PRIMARY KEY);
        INSERT INTO open_calls VALUES(7730941132816777218);
        CREATE TABLE call_records (
            call INTEGER PRIMARY KEY,
            first_sequence INTEGER NOT NULL,
            last_sequence INTEGER NOT NULL,
            started INTEGER NOT NULL,
            answered INTEGER,
            connected INTEGER,
            ended INTEGER NOT NULL,
            from_party TEXT NOT NULL,
            caller_number TEXT NOT NULL,
            caller_name TEXT NOT NULL,
            dialled TEXT NOT NULL,
            context TEXT NOT NULL,
            to_party TEXT,
            disposition TEXT NOT NULL,
            cause INTEGER NOT NULL,
            ended_by TEXT NOT NULL,
            talk INTEGER NOT NULL,
            recording TEXT
        );
        INSERT INTO call_records VALUES(7730941132816777217,2,14,1800000002000002,1800000008000008,1800000010000010,1800000014000014,'trunk/gateway/138','138','王 "O''Neill"','8002','from-trunk','seat/8002','ANSWERED',16,'callee',1000001,'/tmp/x.wav');
        CREATE TABLE leg_records (
            call INTEGER NOT NULL,
            leg INTEGER NOT NULL,
            party TEXT NOT NULL,
            incoming INTEGER NOT NULL,
            sip_call_id TEXT NOT NULL,
            address TEXT NOT NULL,
            started INTEGER NOT NULL,
            ringing INTEGER,
            answered INTEGER,
            ended INTEGER NOT NULL,
            cause INTEGER NOT NULL,
            ended_by TEXT NOT NULL,
            sip_status INTEGER,
            codec TEXT,
            talk INTEGER NOT NULL,
            received INTEGER NOT NULL,
            sent INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            refused INTEGER NOT NULL,
            jitter INTEGER NOT NULL,
            PRIMARY KEY (call, leg)
        ) WITHOUT ROWID;
        INSERT INTO leg_records VALUES(7730941132816777217,1,'trunk/gateway/138',1,'a@b','127.0.0.1:5070',1800000003000003,NULL,1800000008000008,1800000013000013,16,'callee',NULL,'PCMU',1000001,500,0,0,0,0);
        INSERT INTO leg_records VALUES(7730941132816777217,2,'seat/8002',0,'c@d','127.0.0.1:5080',1800000005000005,1800000006000006,1800000007000007,1800000012000012,16,'callee',200,'PCMA',1000001,500,0,0,0,0);
        CREATE TABLE bindings (
            address_of_record TEXT NOT NULL,
            contact TEXT NOT NULL,
            transport TEXT NOT NULL,
            address TEXT NOT NULL,
            port INTEGER NOT NULL,
            listener INTEGER NOT NULL,
            call_id TEXT NOT NULL,
            cseq INTEGER NOT NULL,
            user_agent TEXT,
            q_thousandths INTEGER NOT NULL,
            instance TEXT,
            expires INTEGER NOT NULL,
            PRIMARY KEY (address_of_record, contact)
        ) WITHOUT ROWID;
        INSERT INTO bindings VALUES('8002','sip:8002@127.0.0.1:5080','UDP','127.0.0.1',5080,0,'x@y',1,NULL,1000,NULL,1900000000000000);
        CREATE INDEX events_call ON events (call, sequence) WHERE call IS NOT NULL;
        CREATE INDEX call_records_started ON call_records (started);
        COMMIT;
        """#
}
