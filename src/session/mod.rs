//! Who is logged in, and by which second factor.

pub mod otp;
