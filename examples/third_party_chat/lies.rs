//! A proxy that lies, and what it gets.

use latchstring::Error;
use latchstring::signal::{Address, Delivery, ForeignDevice};

use crate::page::{note, scene};
use crate::person::Person;
use crate::proxy;
use crate::store::Failure;

/// Has a message go through the proxy of Grace's provider, which passes on what `alter` makes of its line.
fn carried(delivery: &Delivery, alter: impl FnOnce(String) -> String) -> Result<Vec<u8>, Failure> {
    Ok(proxy::delivery(&alter(proxy::stanza(delivery)))?.encode())
}

/// Has a proxy carry a message that only changes its form.
pub(crate) fn carried_well(ada: &Person, grace: &Person) -> Result<(), Failure> {
    let delivery = grace.write(&ada.device, "by another road")?;
    let line = proxy::stanza(&delivery);
    note(&format!("the proxy writes {}…", &line[..70]));
    ada.read(&carried(&delivery, |line| line)?)?;
    Ok(())
}

/// Has the proxy lie. Henry is somebody else at Grace's provider.
pub(crate) fn told(ada: &Person, grace: &Person, henry: &Person) -> Result<(), Failure> {
    scene("The proxy lies");
    let honest = grace.write(&ada.device, "shall we meet at noon?")?;
    let bytes = carried(&honest, |line| line)?;
    let mut errors = Vec::new();
    let renamed = carried(&honest, |line| line.replace("from='grace'", "from='henry'"))?;
    errors.push(ada.refuses("it in the name of Henry", &renamed)?);
    let moved = carried(&honest, |line| line.replace("from-device='1'", "from-device='2'"))?;
    errors.push(ada.refuses("it as from a second device of Grace's", &moved)?);
    let kind = carried(&honest, |line| line.replace("kind='next'", "kind='first'"))?;
    errors.push(ada.refuses("it as a first message", &kind)?);
    let mut altered = honest.clone();
    let middle = altered.message.bytes.len() / 2;
    altered.message.bytes[middle] ^= 1;
    errors.push(ada.refuses("it with one bit changed", &altered.encode())?);
    let expected = [Error::UnknownAccount, Error::Unlisted, Error::Malformed, Error::Forged];
    assert_eq!(errors, expected);

    // What Ada says comes back to her as if Grace had said it.
    let own = ada.write(&grace.device, "noon is fine")?;
    let mirrored = Delivery { from: grace.device.clone(), to: ada.device.clone(), ..own.clone() };
    ada.refuses("her own words, sent back as Grace's", &mirrored.encode())?;
    let home = ForeignDevice::new(ada.device.provider(), &Address::new("grace", 1)?);
    let home = Delivery { from: home, ..honest };
    ada.refuses("it as from a Grace of Ada's own service", &home.encode())?;
    let handed = carried(&own, |line| line.replace("to='grace'", "to='henry'"))?;
    let error = henry.refuses("Ada's words to Grace, handed to him", &handed)?;
    assert_eq!(error, Error::Forged);
    note("nobody is shown anything of all that, and nothing is lost: the true one still opens");
    ada.read(&bytes)?;
    ada.refuses("it a second time", &bytes)?;
    grace.read(&own.encode())?;

    scene("The proxy keeps one message back");
    let kept = grace.write(&ada.device, "no, wait: at one")?;
    let next = grace.write(&ada.device, "did you get that?")?;
    ada.read(&carried(&next, |line| line)?)?;
    note("late, it still opens, and in its own place");
    ada.read(&carried(&kept, |line| line)?)?;
    Ok(())
}
