//! A third state, which is to notice nothing of what the other two have with each other.

use model::PartyId;

use crate::{pair::Pair, running::Running, scribe::Scribe, state::State, until};

/// JP and FR, and another state with which one of them has a channel.
pub(crate) struct Three {
    pub(crate) pair: Pair,
    third: Third,
}

/// The other state, whose gateway runs.
pub(crate) struct Third {
    state: State,
    _running: Running,
}

impl Three {
    /// A pair of its own, one of whom has the other channel.
    pub(crate) async fn open(with: &str) -> Self {
        Self::around(Pair::own().await, with).await
    }

    /// The same around a pair that is there.
    pub(crate) async fn around(pair: Pair, with: &str) -> Self {
        let third = State::make("US", pair.jp.dir.parent().unwrap()).await;
        let with: PartyId = with.parse().unwrap();
        let third = Third::beside(third, if pair.jp.party == with { &pair.jp } else { &pair.fr }).await;
        Self { pair, third }
    }

    /// That a case from `asking` to the third state goes its way.
    pub(crate) async fn others_go_on(&self, asking: &State) {
        self.third.others_go_on(asking).await;
    }
}

impl Third {
    /// With a channel to `state`.
    pub(crate) async fn beside(third: State, state: &State) -> Self {
        let running = third.serve().ready().await;
        state.add_peer(&third, third.peer_listen).await;
        third.add_peer(state, state.peer_listen).await;
        Self { state: third, _running: running }
    }

    /// That a case from `asking` to it goes its way.
    pub(crate) async fn others_go_on(&self, asking: &State) {
        until("the channel to the third state is open", 20, async || {
            (asking.channel("US").await["state"] == "OPEN").then_some(())
        })
        .await;
        Scribe::at(&self.state).await.invite(1).await;
        Scribe::at(asking).await.open_case(&self.state.authority("central")).await;
    }
}
