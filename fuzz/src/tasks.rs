//! Task queues and workers (`help/tasks.md`): what anyone who can connect to them may send.

use std::time::Duration;

use zeromq::core::tasks::Settings;
use zeromq::core::tasks::hostile::{HONEST, Stage};

use crate::input::Input;

/// The maximum number of steps and of tasks.
const STEPS: usize = 300;
const TASKS: u64 = 200;

/// The routing ids of hostile workers.
const HOSTILE: [&[u8]; 3] = [b"a", b"b", b"\0\x80\0\0\x29"];

/// All workers.
const WORKERS: [&[u8]; 4] = [HOSTILE[0], HOSTILE[1], HOSTILE[2], HONEST];

/// The session of the hostile queue.
const SESSION: [u8; 16] = *b"0123456789abcdef";

/// The commands of workers, those of queues, and none.
const OF_WORKERS: [u8; 8] = [1, 2, 3, 4, 5, 6, 0x81, 7];
const OF_QUEUES: [u8; 8] = [0x81, 0x82, 0x83, 0x83, 0x84, 0x85, 0x86, 1];

/// The input is the settings of the queue, and then what happens.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let mut stage = Stage::new(Settings {
        timeout: input.of(&[None, Some(Duration::from_millis(1)), Some(Duration::from_secs(2))]),
        attempts: input.of(&[3, 1, 2, u32::MAX]),
        heartbeat: Duration::from_millis(input.of(&[1000, 10, 3_600_000])),
        credit: input.of(&[1000, 1, 3, 65_535]),
    });
    let mut added = 0;
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        match input.below(16) {
            0 | 1 => {
                let count = (input.below(40) as u64).min(TASKS - added);
                added += count;
                stage.add(count, input.byte() & 1 == 1);
            }
            2 => _ = stage.take(Some(input.below(9) as u64)),
            3 if input.byte() < 128 => stage.take_claim(),
            3 => _ = stage.take(None),
            4..7 => stage.turn(),
            7 => stage.pass(Duration::from_millis(input.below(65_536) as u64)),
            8 => _ = stage.work(input.byte() < 200),
            9 => stage.undeliverable(input.of(&WORKERS), input.byte() & 1 == 1),
            10 => {
                let frames = message(&mut input, &OF_QUEUES, SESSION, &stage);
                stage.queue_says(&frames, input.below(5));
            }
            11 => stage.change_victim(input.below(5)),
            12 => {
                let count = input.below(5);
                let frames: Vec<Vec<u8>> = (0..count).map(|_| input.short().to_vec()).collect();
                stage.worker_says(HOSTILE[0], &frames);
                stage.queue_says(&frames, 0);
            }
            _ => {
                let worker = input.of(&HOSTILE);
                let session = stage.session(worker);
                let frames = message(&mut input, &OF_WORKERS, session, &stage);
                stage.worker_says(worker, &frames);
            }
        }
    }
    stage.end();
}

/// Returns the frames of a message, which is valid in most cases.
fn message(input: &mut Input, commands: &[u8], session: [u8; 16], stage: &Stage) -> Vec<Vec<u8>> {
    let command = input.of(commands);
    let session = input.of(&[session, session, session, session, [0; 16], [7; 16]]);
    let mut head = [b"ZTQ\x01", &[command][..], &session].concat();
    let mut payloads = Vec::new();
    let count = input.below(6);
    match command {
        1 => {
            head.extend((input.integer() as u32).to_be_bytes());
            payloads.push(input.short().to_vec());
        }
        2 | 0x81 => head.extend((input.integer() as u32).to_be_bytes()),
        3 | 4 | 0x83 | 0x84 => {
            for _ in 0..count {
                let (number, delivery) = stage.given(input.byte().into());
                let number = number.wrapping_add(input.of(&[0, 0, 0, 0, 1, u64::MAX]));
                head.extend(number.to_be_bytes());
                head.extend(delivery.to_be_bytes());
                match command {
                    3 => {
                        head.extend(u32::from(input.byte() & 1).to_be_bytes());
                        head.extend((input.integer() as u32).to_be_bytes());
                    }
                    0x83 => head.extend((input.integer() as u32).to_be_bytes()),
                    _ => continue,
                }
                payloads.push(input.short().to_vec());
            }
        }
        _ => {}
    }
    // Rarely too much.
    if input.below(16) == 1 {
        head.extend(input.short());
    }
    payloads.insert(0, head);
    payloads
}
