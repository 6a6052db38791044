//! `/work-orders/NAME`: how far it is, what did not pass, its first article, what can be done with it.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::domain::first_article::{FirstArticleState, WaitingArticle};
use crate::domain::name::Name;
use crate::domain::work_order::WorkOrderState;
use crate::station::authority::{Authority, Engineering, Operating, Reading, Watching};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::reports::{self, NotPassed};
use crate::store::work_orders::closing::{self, Unsettled};
use crate::store::work_orders::{self, Progress, first_article};
use crate::web::access::Visit;
use crate::web::download;
use crate::web::frame::{Frame, Place};
use crate::web::gate::page as show;
use crate::web::standing::Standing;
use crate::web::trouble::Trouble;
use crate::web::words::fill;
use crate::web::words::reports::ReportWords;
use crate::web::words::runs::RunWords;
use crate::web::words::work_orders::WorkOrderWords;

/// Kinds of failures that are listed.
const KINDS: usize = 8;

#[derive(Template)]
#[template(path = "work_order.html")]
struct OrderPage {
    frame: Frame,
    t: &'static WorkOrderWords,
    name: String,
    product: String,
    state: Standing,
    made: String,
    passed: u32,
    quantity: u32,
    issued: String,
    spare_used: String,
    created: String,
    released_by: String,
    /// How many serial numbers its list holds; none if it may hold any.
    serials: Option<u64>,
    unsettled: Unsettled,
    verdicts: Vec<(Standing, u64)>,
    kinds: Vec<Kind>,
    article: Option<ArticleView>,
    /// What stands against closing it, each one sentence.
    against: Vec<String>,
    changeover: Option<String>,
    may_activate: bool,
    may_pause: bool,
    may_close: bool,
    may_read: bool,
    may_operate: bool,
    may_engineer: bool,
}

struct Kind {
    verdict: Standing,
    step: &'static str,
    code: String,
    count: u64,
}

struct ArticleView {
    says: String,
    /// The run that waits for somebody.
    waiting: Option<u64>,
}

/// What the page reads in one go.
struct Seen {
    progress: Progress,
    serials: u64,
    unsettled: Unsettled,
    not_passed: Vec<NotPassed>,
    waiting: Option<WaitingArticle>,
    before: Option<Name>,
}

fn look(r: &Reader<'_>, name: &Name) -> Result<Option<Seen>, StoreError> {
    let Some(progress) = work_orders::find(r, name)? else { return Ok(None) };
    Ok(Some(Seen {
        serials: work_orders::count_serials(r, name)?,
        unsettled: closing::unsettled(r, name)?,
        not_passed: reports::not_passed_counts(r, name)?,
        waiting: first_article::waiting(r, &progress)?,
        before: first_article::product_before(r)?,
        progress,
    }))
}

/// `GET /work-orders/{name}`
pub async fn page(visit: Visit<Watching>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let seen = visit.read(move |r| look(r, &name)).await?;
    let seen = seen.ok_or_else(|| Trouble::not_found(visit.language))?;
    let t = WorkOrderWords::of(visit.language);
    let words = (ReportWords::of(visit.language), RunWords::of(visit.language));
    let Seen { progress, serials, unsettled, not_passed, waiting, before } = seen;
    let article = article(t, &progress, waiting.as_ref());
    let Progress { order, issued, passed, created, first_article: _ } = progress;
    let may_engineer = Engineering::of(&visit.person).is_some();
    let (made, ordered) = (passed.to_string(), order.quantity.to_string());
    let counted = [("made", made.as_str()), ("ordered", ordered.as_str())];
    let mut against = Vec::new();
    if passed < order.quantity {
        against.push(fill(t.close_short, &counted));
    }
    for (count, words) in [(unsettled.unsent, t.close_unsent), (unsettled.unfinished, t.close_unfinished)] {
        if count > 0 {
            against.push(fill(words, &[("count", &count.to_string())]));
        }
    }
    let stopped = matches!(order.state, WorkOrderState::Planned | WorkOrderState::Paused);
    let changeover = before.filter(|before| stopped && *before != order.product);
    let spare_used = issued.saturating_sub(order.quantity).to_string();
    let counts = [("issued", issued.to_string()), ("quota", order.quota().to_string())];
    Ok(show(&OrderPage {
        frame: visit.frame(Place::WorkOrders),
        t,
        state: Standing::of_order(order.state, t),
        made: fill(t.made_of, &counted),
        passed: passed.min(order.quantity),
        quantity: order.quantity,
        issued: fill(t.issued_of, &counts.each_ref().map(|(place, value)| (*place, value.as_str()))),
        spare_used: fill(t.made_of, &[("made", &spare_used), ("ordered", &order.spare.to_string())]),
        created: visit.zone().date_and_time(created),
        released_by: order.released_by,
        serials: (serials > 0).then_some(serials),
        unsettled,
        verdicts: by_verdict(&not_passed),
        kinds: not_passed.into_iter().take(KINDS).map(|kind| kind_view(words, kind)).collect(),
        article,
        against,
        changeover: changeover.map(|before| fill(t.changeover, &[("before", before.as_str())])),
        may_activate: may_engineer && stopped,
        may_pause: may_engineer && order.state == WorkOrderState::Active,
        may_close: may_engineer && order.state != WorkOrderState::Closed,
        may_read: Reading::of(&visit.person).is_some(),
        may_operate: Operating::of(&visit.person).is_some(),
        may_engineer,
        name: order.name.to_string(),
        product: order.product.to_string(),
    }))
}

fn article(t: &WorkOrderWords, progress: &Progress, waiting: Option<&WaitingArticle>) -> Option<ArticleView> {
    let article = progress.first_article.as_ref()?;
    let run = article.run.map(|run| run.to_string()).unwrap_or_default();
    let by = article.by.as_deref().unwrap_or_default();
    let reason = article.reason.as_deref().unwrap_or_default();
    let places = [("run", run.as_str()), ("by", by), ("reason", reason)];
    let says = match (article.state, waiting) {
        (FirstArticleState::Asked, Some(waiting)) => {
            fill(t.article_waits, &[("serial", &waiting.serial), ("run", &run)])
        }
        (FirstArticleState::Asked, None) => t.article_asked.to_owned(),
        (FirstArticleState::Confirmed, _) => fill(t.article_confirmed, &places),
        (FirstArticleState::Rejected, _) => fill(t.article_rejected, &places),
    };
    Some(ArticleView { says, waiting: waiting.map(|waiting| waiting.run) })
}

fn by_verdict(not_passed: &[NotPassed]) -> Vec<(Standing, u64)> {
    let count =
        |verdict| not_passed.iter().filter(|kind| kind.verdict == verdict).map(|kind| kind.count).sum();
    let all = crate::domain::verdict::Verdict::ALL.into_iter();
    all.map(|verdict| (Standing::of_verdict(verdict), count(verdict)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn kind_view((t, r): (&ReportWords, &RunWords), kind: NotPassed) -> Kind {
    Kind {
        verdict: Standing::of_verdict(kind.verdict),
        step: r.of_stage(kind.stage),
        code: kind.code.unwrap_or_else(|| t.no_code.to_owned()),
        count: kind.count,
    }
}

/// `GET /work-orders/{name}/serials`: the allowed serial numbers, one a line.
pub async fn serials(visit: Visit<Reading>, name: web::Path<Name>) -> Result<HttpResponse, Trouble> {
    let order = name.clone();
    let found = visit.read(move |r| work_orders::get(r, &order)).await?;
    let progress = found.ok_or_else(|| Trouble::not_found(visit.language))?;
    let mut text = progress.order.serials.join("\n");
    text.push('\n');
    Ok(download::file(&format!("{name}-serials.txt"), download::TEXT, text))
}
