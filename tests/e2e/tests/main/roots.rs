//! A party that exchanges its root: what the former one signed convicts it as before.

use crate::{
    bounded,
    misconduct::{call_as_jp, convicts, forger, frozen, with_case},
    now,
    pair::Pair,
    state::State,
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_under_a_former_root_convicts_after_the_party_has_exchanged_it() {
    bounded(async {
        let mut pair = Pair::own().await;
        let (_, _, log) = with_case(&pair).await;
        pair.jp_gateway.stop().await;
        let mut liar = forger(&pair, &log);
        liar.leaves.pop();
        liar.write_anything(now());
        call_as_jp(&pair, liar.growth(liar.leaves.len())).await.unwrap_err();
        frozen(&pair.fr, &pair.jp).await;
        convicts(&pair.fr, &pair.jp, "fork").await;

        // Its directory begins with version 1 again, as the one before did.
        let anew = State::anew("JP", pair.jp.dir.parent().unwrap()).await;
        let _running = anew.serve().ready().await;
        pair.fr.close("JP").await;
        pair.fr.add_peer(&anew, anew.peer_listen).await;
        anew.add_peer(&pair.fr, pair.fr.peer_listen).await;
        until("FR knows the new root", 20, async || {
            let channel = pair.fr.channel("JP").await;
            (channel["fingerprint"] == anew.fingerprint.as_str()).then_some(())
        })
        .await;
        convicts(&pair.fr, &pair.jp, "fork").await;
    })
    .await;
}
