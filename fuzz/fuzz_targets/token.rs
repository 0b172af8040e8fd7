#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| ros_fuzz::targets::token(data));
