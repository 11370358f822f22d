//! Key pairs that sign tokens only in these tests. They lack the PEM armour, so that neither
//! readers nor secret scanners mistake them for real keys.

/// An Ed25519 private key.
pub const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEIP7w9ZNd8QGTxx9RJ67CkpXeIiqCDk7C/N7WBV7CuN8M";
/// The matching public key.
pub const ED25519_PUBLIC: &str = "MCowBQYDK2VwAyEApT73KfjMSm7x4JtA+CdfCyowcHZ5gtGzY3udvz/XeFI=";
/// A P-256 private key.
pub const P256: &str = "\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfzMEmqhCUumvXH/GuXMCsD9RhvQ0YSSVa6t2OtLW8gKhRANC\
    AATUPI4IlQT3UY/nz9gYS4SnXMq3p2jusWn+U7jSKqNiyxZe3t5sMB5KAE82Lk0hEzm5Y0V9FkhQ5qsju2EsBbLJ";
/// The matching public key.
pub const P256_PUBLIC: &str = "\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1DyOCJUE91GP58/YGEuEp1zKt6do7rFp/lO40iqjYssWXt7ebDAeSgBPNi5N\
    IRM5uWNFfRZIUOarI7thLAWyyQ==";
/// An RSA private key of 2,048 bits.
pub const RSA: &str = "\
    MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQCp2UAg1BCLvZNzGPSj9Rj2HKU9w/Pzc725hmiVrur3OWOH\
    Tz7Gq/m83XxzjvOo+8rDWLwuPJi4DWuran2Gr2vfdPkhM0iTmRyJHr2Ucw4xp6hm49bC9uHf9J1ZuUF2YNNhwJ+pYEcqYcv4\
    SZAlmPtpj8wm+BCoh76994RGZD8dobi1eauXPVM3Fe/uhoxVG2f2et3H/Yc4QZXgkvs+TwuSWUCx3+Mpl4e7gqjj593Uxz8L\
    UCdnrnwrVBfunSEsMfGKX9WZ0VJHLQHsl/+E8a6hMnEGfykGNPeTAX6QloaamjJh8NLB/cOSzqJbSrYcckm497ERw+GsIUNm\
    eenWPr8BAgMBAAECggEABiS8C5PwF0Xfp/mem7GZWgmWNoI4eDVXBvdkIAnoKNIUFghZQnFlAp5WSo3ApXuaDW/PurJpabre\
    iqA68xy0P6xo+Hj05pXSsOkCPXTd7hDc5//UvE+WwvWDnYO0aPY+nxoLDGLVoCRSbuQmSR3b9ikD3uL5I0dpsFBcIfmtSMKK\
    KJNuxHYOcfoFhFGZOcwef4uVM+hegPXGP9AhvSu2lQCWzbC6E6M3Fs3NQkxYwK8UJc1IAyyQHFAs7Rf/S/qJG33KN3hb4AkY\
    QPIClucQ0Q5aYkiA0iAvuYR8fn+FiGbeACEzLsALtY/GgKAA5KFdaxdgQv/oLFlqDSQqe4ZzYQKBgQDRP+GNR9miAC0SLwzx\
    cYd5HafcWJ6JGLFfqQirBrAWeKqn7shQRWOQyFoKHLBadUtxtkIahnLmEi/Tc5vB1WdXQ2FIZbneqMlvtWwlpzmqmS2nb7yk\
    +yM/AFlK2kfsoJ6hHZwXJBs+ny50RyecCuBi/PfcL1BffKOhPerW9bKmaQKBgQDPy9FRdO+3eX3YQetfO8WUD2gQjiRA4dCN\
    vJoTKv2kFNuY5NZDNNfSOtMVBVslTov3I4wZd0hMg3wmGuYdoJHJ2IcInNZ0tcXeWNZDD8+yX+hWZgM/PLEVGg8Qq3OxsIDl\
    joBUKe2zfEs8WDoMcmmrEoZaphB1k5eCPXx8Qjww2QKBgQCNk8FSTAjuWVwlb3w8aGoXAn+u0K8DZ5erd70Lqoy9x4r/8MnL\
    tgc10LlLGjogGjifiYeUVt+q1ydQ1GnQbklre4V47IskIeOZF5FCsLCNwvJm1W0320vvtpaz1JjRe6OYs2YHKkDcz+sodXRR\
    WfKUR0CU09Z3pOc5k6EvLDJh8QKBgQCP3A+iUU7UuyvA2IJXgE4dXz0wmPfIY427UuNoec74FeiiRWuBQ8hXJ5qTZw3fGi4U\
    f2uzBb3sGuuMhfricBP+pgV2lP5z9pRyhxZvfzbPy05S4nVFBoOilFPxuoFydzwFsU5u9kg2hsqfkIU/sMYvRbf2chnbDL9L\
    z72rWT/KoQKBgQCBNWO7XViXXnZz5UMUraqUIRdp1Vhs0bX/65Ay77OTumS2SpbBRPae3YxTTSEk7fVI8AIhfCy9A2BwispO\
    fiSFwX04GIv544R8lXK7IC2kLOKI7RA8ynAv/E4Zs1VTjk+n9bolcxPJJice2nYMpaLiNtO02YuejqvZ9W4ulc0LZA==";
/// The matching public key.
pub const RSA_PUBLIC: &str = "\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqdlAINQQi72Tcxj0o/UY9hylPcPz83O9uYZola7q9zljh08+xqv5\
    vN18c47zqPvKw1i8LjyYuA1rq2p9hq9r33T5ITNIk5kciR69lHMOMaeoZuPWwvbh3/SdWblBdmDTYcCfqWBHKmHL+EmQJZj7\
    aY/MJvgQqIe+vfeERmQ/HaG4tXmrlz1TNxXv7oaMVRtn9nrdx/2HOEGV4JL7Pk8LkllAsd/jKZeHu4Ko4+fd1Mc/C1AnZ658\
    K1QX7p0hLDHxil/VmdFSRy0B7Jf/hPGuoTJxBn8pBjT3kwF+kJaGmpoyYfDSwf3Dks6iW0q2HHJJuPexEcPhrCFDZnnp1j6/\
    AQIDAQAB";
/// An RSA public key of 1,024 bits, too short.
pub const RSA_SHORT_PUBLIC: &str = "\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC8keRxrq1VUW59OtX0X2WaMNhJ9eRFdnup/ccslX2sF1GpnHstJ/9RCOGo\
    VTAhivo8ZD5SjH/RYRk/st8/nm79YmVUy+mftn0lSTCfLLdtSDk5uJYu8nPViF7ZNHSeTKOb69px6NUuuddvkFjrAzK/wVX+\
    TKa04RA1nj+/5o59kQIDAQAB";
/// A public key on P-384, which is not a supported curve.
pub const P384_PUBLIC: &str = "\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEYmjoUtdzQhyLLhflY/HnzYVcnCoo3jvZd79HYywZ8NDFl5iqSuCe624i1s7VXOLq\
    PCDZUAIXxB18//1M0HB2UzE4FhERqpPJT+v1WCJNR58agI/3gLDj8nDQDa7HVTcE";

/// The key with its PEM armour.
pub fn pem(label: &str, key: &str) -> String {
    format!("-----BEGIN {label}-----\n{key}\n-----END {label}-----\n")
}
