#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| zeromq_fuzz::zap::run(input));
