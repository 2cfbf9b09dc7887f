//! Putting what was made beside its place into it: whole or not at all, whatever ends the process.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use sekisho_core::{Dice, dice};
pub(crate) use sekisho_store::beside as with_end;

/// A name beside `path` that no other process draws: `.NAME.0123456789abcdef.new`.
pub(crate) fn draft(path: &Path, dice: &dyn Dice) -> PathBuf {
    let number = u64::from_ne_bytes(dice::array(dice));
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{number:016x}.new"));
    path.with_file_name(name)
}

/// Gives the draft its name, unless something has that name; then [`ErrorKind::AlreadyExists`].
pub(crate) fn put(draft: &Path, path: &Path) -> Result<()> {
    match renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(error) => match Error::from(error) {
            error if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // Not every file system knows this call; those know links.
            error if draft.is_dir() => Err(error),
            _ => fs::hard_link(draft, path).and_then(|()| fs::remove_file(draft)),
        },
    }
}

/// Gives the draft the name of what is there, and that the name `former`, so that at no moment the place is empty.
pub(super) fn replace(draft: &Path, path: &Path, former: &Path) -> Result<()> {
    match fs::hard_link(path, former) {
        Ok(()) => {
            sync_folder(path)?;
            fs::rename(draft, path)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            // No links here.
            exchange(draft, path)?;
            fs::rename(draft, former).inspect_err(|_| {
                // The draft's name is the caller's to remove, and what was in the place has it now.
                let _ = exchange(draft, path);
            })
        }
    }
}

/// Lets two names change places, in one step.
pub(super) fn exchange(one: &Path, other: &Path) -> Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Gives a draft the owner of what it replaces, or of the folder that it is to lie in, as far as the system lets us: what root
/// restores the server's user must be able to open. With `mode` it gets the mode of what it replaces too.
pub(super) fn take_after(draft: &Path, path: &Path, mode: bool) -> Result<()> {
    // Somebody else may put files into the folder: nothing but the draft itself is to change hands.
    let nofollow = OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(nofollow).open(draft)?;
    if file.metadata()?.nlink() > 1 {
        return Err(Error::other("it has a second name"));
    }
    let former = fs::metadata(path).ok();
    own(&file, former.as_ref().unwrap_or(&fs::metadata(folder(path))?))?;
    if let Some(former) = former.filter(|_| mode) {
        file.set_permissions(former.permissions())?;
    }
    file.sync_all()
}

/// Gives a new file the owner of another one, if we may; SQLite does so with its log.
pub(crate) fn own(file: &File, other: &Metadata) -> Result<()> {
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (other.uid(), other.gid()) {
        // Root alone may.
        let _ = fchown(file, Some(other.uid()), Some(other.gid()));
    }
    Ok(())
}

/// Makes the names in the folder of `path` outlive a power cut.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(folder(path))?.sync_all()
}

/// The folder that a file lies in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemDice;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sekisho-place-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_draft_takes_a_free_name_and_no_other() {
        let folder = scratch("put");
        let place = folder.join("a.db");
        for (text, done) in [("first", true), ("second", false)] {
            let draft = draft(&place, &SystemDice);
            fs::write(&draft, text).unwrap();
            assert_eq!(put(&draft, &place).is_ok(), done);
            assert_eq!(draft.exists(), !done);
            assert_eq!(fs::read_to_string(&place).unwrap(), "first");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_replaced_stays_under_another_name() {
        let folder = scratch("replace");
        let (place, former) = (folder.join("a.db"), folder.join("a.db.former"));
        fs::write(&place, "old").unwrap();
        let new = draft(&place, &SystemDice);
        fs::write(&new, "new").unwrap();
        replace(&new, &place, &former).unwrap();
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!((text(&place), text(&former)), ("new".to_owned(), "old".to_owned()));
        fs::write(&new, "newer").unwrap();
        let again = replace(&new, &place, &former).unwrap_err();
        assert_eq!((again.kind(), text(&place)), (ErrorKind::AlreadyExists, "new".to_owned()));
        fs::remove_dir_all(folder).unwrap();
    }
}
