#![no_main]
libfuzzer_sys::fuzz_target!(
    init: ros_fuzz::targets::before_tokens(),
    |data: &[u8]| ros_fuzz::targets::token(data)
);
