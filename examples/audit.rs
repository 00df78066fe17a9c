#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! Verifies an audit log, or makes one to look at.
//!
//! ```text
//! cargo run --example audit -- demo FOLDER
//! cargo run --example audit -- verify FILE … [--keys FILE] [--checkpoint FILE]
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use palisade::audit::{self, AuditLog, CheckpointFile, CheckpointStore, Event, Kind, VerifyError};
use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::secret::{ExposeSecret, SecretString};

const USAGE: &str = "\
Usage: cargo run --example audit -- verify FILE … [--keys FILE] [--checkpoint FILE]
       cargo run --example audit -- demo FOLDER

  verify             checks every record of a log, with the files that rotation made of it; or of several files,
                     oldest first
    --keys FILE        the key ring                        [keys, beside the log]
    --checkpoint FILE  a checkpoint kept elsewhere: shows records cut off the end
  demo FOLDER        makes a key ring, a log, its checkpoint, and a forged copy
  --help             this text

The key ring's passphrase comes from AUDIT_PASSPHRASE, from the file that AUDIT_PASSPHRASE_FILE names, or is asked for.
Exit status: 0 verified, 1 tampered with, 2 could not tell.";

palisade::secrets! { struct Secrets { passphrase: "AUDIT_PASSPHRASE" } }

const DEMONSTRATION_PASSPHRASE: &str = "a passphrase for demonstrations only";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next();
    let result = match command.as_ref().and_then(|command| command.to_str()) {
        Some("verify") => Options::from_arguments(arguments).and_then(|options| verify(&options)),
        Some("demo") => match (arguments.next(), arguments.next()) {
            (Some(folder), None) => demo(Path::new(&folder)),
            _ => Err(format!("demo takes one folder\n\n{USAGE}").into()),
        },
        Some("--help" | "-h") => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(USAGE.into()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("audit: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
        ExitCode::from(2)
    })
}

fn verify(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let ring = open_ring(&options.keys)?;
    let mut log: Box<dyn Read> = Box::new(io::empty());
    for file in &options.files {
        // Of one file, those that rotation made of it are read first.
        let opened: io::Result<Box<dyn Read>> = match options.files.len() {
            1 => audit::read_all(file).map(|all| Box::new(all) as _),
            _ => File::open(file).map(|file| Box::new(file) as _),
        };
        log =
            Box::new(log.chain(opened.map_err(|error| format!("cannot open {}: {error}", file.display()))?));
    }
    let result = match &options.checkpoint {
        None => audit::verify(log, &ring),
        Some(path) => {
            let kept = CheckpointFile::new(path).latest()?;
            let kept = kept.ok_or_else(|| format!("there is no checkpoint in {}", path.display()))?;
            audit::verify_against(log, &ring, &kept)
        }
    };
    match result {
        Ok(verified) => {
            println!(
                "Verified: {} records, from number {} to {}.",
                verified.records,
                verified.first,
                verified.checkpoint.seq()
            );
            if verified.first > 0 {
                println!("Files from before record {} were not read.", verified.first);
            }
            if !verified.anchored {
                println!("Records may have been cut off the end: --checkpoint tells.");
            }
            println!("{}", verified.checkpoint);
            Ok(ExitCode::SUCCESS)
        }
        Err(VerifyError::Tampered(tampering)) => {
            println!("TAMPERED WITH. What comes before the first finding is as it was written.");
            for finding in tampering.findings() {
                println!("  line {} (byte {}): {}", finding.line, finding.offset, finding.kind);
            }
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

fn open_ring(keys: &Path) -> Result<KeyRing, Box<dyn Error>> {
    let is_set = |name| std::env::var_os(name).is_some();
    let passphrase = if is_set("AUDIT_PASSPHRASE") || is_set("AUDIT_PASSPHRASE_FILE") {
        Secrets::from_env()?.passphrase
    } else if io::stdin().is_terminal() {
        SecretString::from(rpassword::prompt_password(format!("Passphrase of {}: ", keys.display()))?)
    } else {
        return Err("set AUDIT_PASSPHRASE, or AUDIT_PASSPHRASE_FILE to the path of a file".into());
    };
    let ring = KeyFile::new(keys, Wrapping::passphrase(passphrase)).open();
    ring.map_err(|error| {
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        format!("cannot open the key ring {}: {error}{cause}", keys.display()).into()
    })
}

fn demo(folder: &Path) -> Result<ExitCode, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (keys, log_path, checkpoint) =
        (folder.join("keys"), folder.join("audit.jsonl"), folder.join("checkpoint"));
    let wrapping = || Wrapping::passphrase(SecretString::from(DEMONSTRATION_PASSPHRASE));
    let ring = match KeyFile::new(&keys, wrapping()).open() {
        Ok(ring) => ring,
        Err(_) if !keys.exists() => KeyFile::new(&keys, wrapping()).create()?,
        Err(error) => return Err(error.into()),
    };
    let log = AuditLog::builder(&ring)
        .app("demo")
        .checkpoints(CheckpointFile::new(&checkpoint), 10)
        .alert(Kind::AuthenticationFailure, 5, Duration::from_secs(60))
        .open(&log_path)?;
    log.record(Event::new(Kind::SystemStartup))?;
    for attempt in 1..=6_u32 {
        let event = Event::authentication_failure().subject("alice").source_ip("203.0.113.7".parse()?);
        log.record(event.reason("wrong password").detail("attempt", attempt))?;
    }
    log.record(Event::new(Kind::LoginSuccessAfterFail).subject("alice").source_ip("203.0.113.7".parse()?))?;
    log.record(
        Event::authorization_denied().subject("alice").resource("invoice 17").action("invoice:delete"),
    )?;
    let kept = log.checkpoint()?;
    drop(log);

    let written = fs::read_to_string(&log_path)?;
    print!("{written}");
    let forged = folder.join("forged.jsonl");
    fs::write(&forged, written.replacen("\"subject\":\"alice\"", "\"subject\":\"mallory\"", 1))?;
    println!("\nThe log is {}; its checkpoint, to be kept elsewhere, {kept}", log_path.display());
    println!("In {} somebody has blamed somebody else. Try:\n", forged.display());
    println!("  export AUDIT_PASSPHRASE='{}'", SecretString::from(DEMONSTRATION_PASSPHRASE).expose_secret());
    let (log_path, forged, checkpoint) = (log_path.display(), forged.display(), checkpoint.display());
    println!("  cargo run --example audit -- verify {log_path} --checkpoint {checkpoint}");
    println!("  cargo run --example audit -- verify {forged}");
    Ok(ExitCode::SUCCESS)
}

struct Options {
    files: Vec<PathBuf>,
    keys: PathBuf,
    checkpoint: Option<PathBuf>,
}

impl Options {
    fn from_arguments(
        mut arguments: impl Iterator<Item = std::ffi::OsString>,
    ) -> Result<Self, Box<dyn Error>> {
        let (mut files, mut keys, mut checkpoint) = (Vec::<PathBuf>::new(), None, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--keys") => keys = Some(arguments.next().ok_or("--keys needs a path")?.into()),
                Some("--checkpoint") => {
                    checkpoint = Some(arguments.next().ok_or("--checkpoint needs a path")?.into());
                }
                Some(option) if option.starts_with("--") => {
                    return Err(format!("unknown option {option}\n\n{USAGE}").into());
                }
                _ => files.push(argument.into()),
            }
        }
        let last = files.last().ok_or_else(|| format!("verify needs a file\n\n{USAGE}"))?;
        let keys = keys.unwrap_or_else(|| last.with_file_name("keys"));
        Ok(Self { files, keys, checkpoint })
    }
}
