//! Command lines in a query: whether a dash begins an option, as in `rm -rf`, or excludes a word.
//!
//! The words around it decide, because people paste what they type into a shell:
//!
//! - A single letter, also repeated, is an option after a word in lower case: `foo -v`, `foo -vv`.
//! - A group of up to five letters is an option after the name of a tool, after a path or a script,
//!   and after another option of it: `rm -rf`, `./run -abc`, `tar -x -zf`. So are digits, and a
//!   letter with digits: `ls -1`, `make -j8`.
//! - Names that are also words or topics do not suffice, because `git -svn` excludes a word. After
//!   a word (`kill`), digits are options; after a topic (`git`), a subcommand must come first:
//!   `git commit -am`.
//! - After the name of any command, a few long options are known: `find x -name y`.
//! - The name of another command is never an option: `curl -wget` excludes it.
//!
//! `OR`, operators and phrases end a command line.

/// The command line that a query has had so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CommandLine {
    previous: PrecedingWord,
    /// Whether the name of a command, a path or a script has come before.
    has_command: bool,
}

/// What comes before an item of a query, as far as command lines are concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum PrecedingWord {
    #[default]
    Other,
    /// A word in lower case, which may name a command that this module does not know.
    LowerCase,
    Command(CommandForm),
    /// A known subcommand, directly after a command.
    Subcommand,
    Option,
}

/// How certain it is that the name of a command means that command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CommandForm {
    /// The name means nothing else.
    Tool,
    /// The name is also an English word.
    Word,
    /// The name is also what people talk about, so that they may exclude related words.
    Topic,
}

/// The forms of options, without the dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptionForm {
    /// The same letter, once or several times.
    Letter,
    /// Digits, or a letter with digits.
    Number,
    /// Several letters or digits.
    Group { length: usize },
    /// An option that this module knows.
    Known,
}

/// The longest group of letters that is an option of a tool: `netstat -tulpn`.
const MAX_TOOL_OPTIONS: usize = 5;

/// The longest group of letters that is an option of a subcommand: `git clean -fdx`.
const MAX_SUBCOMMAND_OPTIONS: usize = 4;

impl CommandLine {
    /// Whether the text after a dash is an option of the command line before it.
    pub(crate) fn is_option(self, text: &str) -> bool {
        let name = text.split_once('=').map_or(text, |(name, _)| name);
        let Some(form) = OptionForm::parse(name) else {
            return false;
        };
        match form {
            OptionForm::Letter => {
                let may_be_command = matches!(
                    self.previous,
                    PrecedingWord::LowerCase | PrecedingWord::Option
                );
                self.has_command || may_be_command
            }
            OptionForm::Known => self.has_command,
            OptionForm::Number => match self.previous {
                PrecedingWord::Command(form) => form != CommandForm::Topic,
                PrecedingWord::Subcommand => true,
                PrecedingWord::Option => self.has_command,
                PrecedingWord::Other | PrecedingWord::LowerCase => false,
            },
            OptionForm::Group { length } => match self.previous {
                PrecedingWord::Command(CommandForm::Tool) => length <= MAX_TOOL_OPTIONS,
                PrecedingWord::Option => self.has_command && length <= MAX_TOOL_OPTIONS,
                PrecedingWord::Subcommand => length <= MAX_SUBCOMMAND_OPTIONS,
                PrecedingWord::Command(_) | PrecedingWord::Other | PrecedingWord::LowerCase => {
                    false
                }
            },
        }
    }

    /// Adds an option.
    pub(crate) fn push_option(&mut self) {
        self.previous = PrecedingWord::Option;
    }

    /// Adds a word that is not an option.
    pub(crate) fn push_word(&mut self, word: &str) {
        let is_lower_case = word.len() > 1
            && word.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte)
            });
        let follows_command = matches!(self.previous, PrecedingWord::Command(_));
        self.previous = match CommandForm::parse(word) {
            Some(form) => PrecedingWord::Command(form),
            None if follows_command && SUBCOMMANDS.split(' ').any(|name| name == word) => {
                PrecedingWord::Subcommand
            }
            None if is_lower_case => PrecedingWord::LowerCase,
            None => PrecedingWord::Other,
        };
        self.has_command |= matches!(self.previous, PrecedingWord::Command(_));
    }
}

impl OptionForm {
    fn parse(name: &str) -> Option<Self> {
        let (first, rest) = name.as_bytes().split_first()?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let is_number = rest.iter().all(u8::is_ascii_digit);
        if first.is_ascii_alphabetic() && rest.iter().all(|byte| byte == first) {
            Some(Self::Letter)
        } else if is_number {
            Some(Self::Number)
        } else if LONG_OPTIONS.split(' ').any(|known| known == name) {
            Some(Self::Known)
        } else if CommandForm::parse(name).is_some() {
            None
        } else {
            Some(Self::Group { length: name.len() })
        }
    }
}

impl CommandForm {
    /// The form of the name of a command, a path or a script; `None` for any other word. A phone
    /// writes the first letter of a query in upper case.
    fn parse(word: &str) -> Option<Self> {
        let is_one_of = |names: &str| {
            let mut names = names.split(' ');
            names.any(|name| name.eq_ignore_ascii_case(word))
        };
        let is_path = ["./", "../", "~/", "/"].iter().any(|start| {
            word.strip_prefix(start)
                .is_some_and(|path| path.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        let is_script = [".sh", ".py", ".exe"]
            .iter()
            .any(|end| word.strip_suffix(end).is_some_and(|name| !name.is_empty()));
        if is_path || is_script || is_one_of(TOOLS) {
            Some(Self::Tool)
        } else if is_one_of(WORDS) {
            Some(Self::Word)
        } else if is_one_of(TOPICS) {
            Some(Self::Topic)
        } else {
            None
        }
    }
}

/// Commands whose names mean nothing else.
const TOOLS: &str = "awk bash chgrp chmod chown cp curl dd df dig dmesg dpkg du egrep fgrep g++ gcc grep gunzip \
    gzip ifconfig journalctl ldd ln ls lsblk lsof mkdir mkfs modprobe mv nc netstat nmap nohup \
    ps rg rm rmdir rpm rsync scp sed sftp sh ss ssh strace sudo tar tcpdump traceroute umount \
    uname uniq unzip useradd usermod wc wget xargs zsh";

/// Commands whose names are English words.
const WORDS: &str = "cat cut date diff echo env file find fish head kill less make man more mount nice ping \
    screen service snap sort tail tee time top touch watch who zip";

/// Commands whose names are topics.
const TOPICS: &str = "ansible apk apt apt-get aptitude brew cargo dnf docker emacs ffmpeg ftp gdb git go helm \
    java javac kubectl mysql nano node npm npx pacman perl php pip pip3 pnpm podman psql \
    python python2 python3 ruby rustc sqlite3 svn systemctl telnet terraform tmux vi vim yarn \
    yum";

/// Words after the name of a command that name what it does.
const SUBCOMMANDS: &str = "add apply branch build checkout clean clone commit compose config create delete describe \
    diff exec fetch get images init install list log logs merge ps pull push rebase remove \
    reset restart run show start stash status stop tag test update upgrade";

/// Options that are longer than a group of letters, or look like a word.
const LONG_OPTIONS: &str =
    "classpath exec iname jar maxdepth mindepth mtime name newer print size std type version";

#[cfg(test)]
mod tests {
    use super::CommandLine;

    /// Whether the last word of a query, which begins with a dash, is an option.
    fn ends_in_option(query: &str) -> bool {
        let mut line = CommandLine::default();
        let mut is_option = false;
        for word in query.split(' ') {
            let option = word.strip_prefix('-');
            is_option = option.is_some_and(|option| line.is_option(option));
            match option {
                Some(_) if is_option => line.push_option(),
                _ => line.push_word(word),
            }
        }
        is_option
    }

    #[test]
    fn options_of_commands_are_text() {
        for query in [
            "rm -rf",
            "Rm -rf",
            "sudo rm -rf",
            "ls -la",
            "tar -xvzf",
            "netstat -tulpn",
            "kill -9",
            "head -20",
            "make -j8",
            "git commit -am",
            "git log -5",
            "docker run -it",
            "ssh -p",
            "ssh host -p",
            "curl -s -X",
            "curl -fsSL",
            "tar -x -zf",
            "apt-get install -y",
            "apt-get -qq",
            "foo -v",
            "./configure -abc",
            "run.sh -rf",
            "/usr/bin/foo -la",
            "find . -name",
            "find / -type",
            "java -jar",
            "kubectl get pods -n",
            "gcc -std=c99",
            "kubectl get pods -o=json",
            "bash -lc",
            "go test -race",
        ] {
            assert!(ends_in_option(query), "{query}");
        }
    }

    #[test]
    fn a_dash_before_a_word_excludes_it() {
        for query in [
            "tea -milk",
            "-rf",
            "tea -1",
            "python -django",
            "git -svn",
            "python -2",
            "java -script",
            "curl -wget",
            "apt -snap",
            "cat -dog",
            "kill -bill",
            "find iphone -9",
            "iPhone -x",
            "rm -everything",
            "ssh keys -rsa",
            "a -b",
            "茶 -v",
            "tea -café",
            "rm -rf*",
            "tea -the",
        ] {
            assert!(!ends_in_option(query), "{query}");
        }
    }
}
