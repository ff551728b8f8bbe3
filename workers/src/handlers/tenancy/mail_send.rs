//! `mail-send`: a mail of sign-in. Its receiver, its code and its link are read and derived here,
//! so that no job has them (rule R5). A worker that dies after the mail was handed over sends it
//! again: it is the same code.

use muster_domain::{ids::SignInId, tenancy::sign_in::code::SignInKey};
use muster_jobs::kinds::MailSend;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    tenancy::sign_in::{
        attempts,
        invites::{self, InviteLink},
    },
};

use crate::{
    Context, Leased,
    error::JobError,
    mail::{self, templates},
};

impl Leased for MailSend {
    async fn run(self, ctx: &Context, _: &ClaimedJob) -> Result<Tx, JobError> {
        let key = ctx.settings.sign_in.key().map(SignInKey::new);
        let key = key.ok_or_else(|| JobError::retry("sign_in.key is not set for this worker"))?;
        match self {
            Self::SignIn { sign_in_id } => sign_in(ctx, &key, sign_in_id).await,
            Self::Invite { invite_id, generation } => invite(ctx, &key, InviteLink { id: invite_id, generation }).await,
        }
    }
}

/// Sends a sign-in's code, if somebody has the address and it can still be used.
async fn sign_in(ctx: &Context, key: &SignInKey, id: SignInId) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let Some(open) = attempts::lock_to_mail(&mut tx, id).await? else { return Ok(tx) };
    if attempts::memberships(&mut tx, &open.email).await?.is_empty() {
        return Ok(tx);
    }
    // Nothing is held while the server is waited for.
    tx.rollback().await?;
    let code = key.code(id);
    let link = format!("{}/v1/sign-in/{id}/page?code={code}&lang={}", public_url(ctx), open.language.as_str());
    let text = templates::sign_in(open.language, &code, &link);
    mail::send(ctx.mailer.as_ref(), &open.email, &format!("sign-in.{id}"), text).await?;
    let mut tx = ctx.pool.begin().await?;
    attempts::mailed(&mut tx, id).await?;
    Ok(tx)
}

/// Sends an invite's link, if it is the invite's latest and can still be accepted.
async fn invite(ctx: &Context, key: &SignInKey, link: InviteLink) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let now = tx.clock().await?;
    let pending = invites::lock_pending(&mut tx, link.id).await?;
    let Some(pending) = pending.filter(|pending| pending.generation == link.generation) else { return Ok(tx) };
    let Some(email) = &pending.email else { return Ok(tx) };
    tx.rollback().await?;
    let place = pending.organization.as_ref().unwrap_or(&pending.account);
    let days = ((pending.expires_at - now).num_minutes() + 1_439) / 1_440;
    let (base, id, secret) = (public_url(ctx), link.id, key.invite(link.id, link.generation));
    let url = format!("{base}/v1/invites/{id}/page?secret={secret}&lang={}", pending.language.as_str());
    let text = templates::invite(pending.language, &pending.first_name, place, days, &url);
    mail::send(ctx.mailer.as_ref(), email, &format!("invite.{id}.{}", link.generation), text).await?;
    let mut tx = ctx.pool.begin().await?;
    invites::mailed(&mut tx, link).await?;
    Ok(tx)
}

fn public_url(ctx: &Context) -> &str {
    ctx.settings.carrier.public_url.trim_end_matches('/')
}
