mod kinds {
    mod greeting {
        use muster_jobs::{Job, Leased, Policy};

        #[derive(serde::Serialize, serde::Deserialize)]
        pub struct Greeting {}

        impl Job for Greeting {
            const NAME: &'static str = "greeting";
            type Mode = Leased;
            const POLICY: Policy = Policy { share: Some(2), ..Policy::SHORT };
        }
    }

    muster_jobs::kinds! {
        greeting::Greeting,
    }
}

mod handlers {
    use muster_storage::{Tx, engine::claim::ClaimedJob};
    use muster_workers::{Context, Leased, error::JobError};

    impl Leased for super::kinds::Greeting {
        async fn run(self, ctx: &Context, _job: &ClaimedJob) -> Result<Tx, JobError> {
            Ok(ctx.pool.begin().await?)
        }
    }
}
