//! What an operator gets wrong: a clear word on standard error, the documented exit code, nothing changed.

use std::{fs, net::TcpListener, path::Path};

use crate::{
    bounded,
    pair::two_states,
    programs::{gateway, program, run},
    running::Running,
    state::State,
};

/// A state in a folder of its own.
async fn one_state() -> (tempfile::TempDir, State) {
    let (folder, jp, _) = two_states().await;
    (folder, jp)
}

/// What `gateway serve` says when it ends at once.
async fn serve_fails(dir: &Path, code: i32) -> String {
    gateway(&["serve", "--dir", dir.to_str().unwrap()]).await.failed(code)
}

fn rewrite(file: &Path, change: impl FnOnce(String) -> String) {
    let text = fs::read_to_string(file).unwrap();
    fs::write(file, change(text)).unwrap();
}

#[tokio::test]
async fn an_unknown_key_ends_with_2_and_names_the_key_and_the_file() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        let file = jp.gateway_dir().join("gateway.toml");
        rewrite(&file, |text| text + "colour = \"blue\"\n");
        let told = serve_fails(&jp.dir, 2).await;
        assert!(told.contains("colour") && told.contains("gateway.toml") && told.contains("remedy"), "{told}");

        rewrite(&file, |text| {
            text.replace("colour = \"blue\"\n", "").replace("peer_listen = \"127", "peer_listen = \"x127")
        });
        let told = serve_fails(&jp.dir, 2).await;
        assert!(told.contains("peer_listen"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_missing_passphrase_file_is_named() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        let file = jp.gateway_dir().join("passphrase");
        fs::remove_file(&file).unwrap();
        let told = serve_fails(&jp.dir, 4).await;
        assert!(told.contains(file.to_str().unwrap()), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_passphrase_is_said_to_be_wrong_and_not_repeated() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        fs::write(jp.gateway_dir().join("passphrase"), "a-passphrase-of-another-state\n").unwrap();
        let told = serve_fails(&jp.dir, 7).await;
        assert!(told.contains("tls.key.pem") && told.contains("passphrase"), "{told}");
        assert!(!told.contains("another-state"), "{told}");
        fs::write(jp.gateway_dir().join("passphrase"), "").unwrap();
        let told = serve_fails(&jp.dir, 2).await;
        assert!(told.contains("passphrase"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn init_into_a_folder_that_is_not_empty_ends_with_6_and_touches_nothing() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("note"), "mine").unwrap();
        let told = gateway(&["init", "--party", "JP", "--dir", folder.path().to_str().unwrap()]).await.failed(6);
        assert!(told.contains("not empty"), "{told}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["note"]);
        let told = gateway(&["init", "--party", "Japan", "--dir", folder.path().join("jp").to_str().unwrap()]).await;
        assert!(told.failed(2).contains("Japan"));
        assert!(!folder.path().join("jp").exists());
    })
    .await;
}

#[tokio::test]
async fn serve_on_a_folder_that_was_not_initialised_ends_with_10() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let told = serve_fails(folder.path(), 10).await;
        assert!(told.contains("gateway.toml") && told.contains("gateway init"), "{told}");
        let told = gateway(&["status", "--dir", folder.path().to_str().unwrap()]).await.failed(10);
        assert!(told.contains("gateway init"), "{told}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_port_in_use_ends_with_11_and_names_the_address() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        for address in [jp.peer_listen, jp.desk_listen] {
            let taken = TcpListener::bind(address).unwrap();
            let told = serve_fails(&jp.dir, 11).await;
            assert!(told.contains(&address.to_string()) && told.contains("gateway.toml"), "{told}");
            drop(taken);
        }
        let _gateway = jp.serve().ready().await;
        serve_fails(&jp.dir, 11).await;
        assert_eq!(jp.status().await["party"], "JP", "the second start disturbed the first");
    })
    .await;
}

#[tokio::test]
async fn a_second_gateway_on_the_same_database_is_locked_out_even_on_other_ports() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        let _gateway = jp.serve().ready().await;
        let file = jp.gateway_dir().join("gateway.toml");
        rewrite(&file, |text| {
            let other = crate::state::free_port().to_string();
            let text = text.replace(&jp.peer_listen.to_string(), &other);
            text.replace(&jp.desk_listen.to_string(), &crate::state::free_port().to_string())
        });
        let told = serve_fails(&jp.dir, 11).await;
        assert!(told.contains("another"), "{told}");
        assert_eq!(jp.status().await["party"], "JP");
    })
    .await;
}

#[tokio::test]
async fn commands_to_a_gateway_that_does_not_run_end_with_8_and_say_how_to_start_it() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        for verb in [["status"].as_slice(), &["peer", "list"], &["peer", "freeze", "FR"]] {
            let told = gateway(&[verb, &["--dir", jp.dir.to_str().unwrap()]].concat()).await.failed(8);
            assert!(told.contains("gateway serve"), "{told}");
        }
        let mut gateway_process = jp.serve().ready().await;
        let told = gateway(&["peer", "freeze", "FR", "--dir", jp.dir.to_str().unwrap()]).await.failed(4);
        assert!(told.contains("FR"), "{told}");
        assert!(gateway_process.stop().await.success());
        gateway(&["status", "--dir", jp.dir.to_str().unwrap()]).await.failed(8);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_none_is_said_to_be_damaged() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        fs::write(jp.gateway_dir().join("gateway.db"), [0x5a; 8192]).unwrap();
        let told = serve_fails(&jp.dir, 8).await;
        assert!(told.contains("STORAGE") && told.contains("damaged"), "{told}");
        rewrite(&jp.gateway_dir().join("gateway.toml"), |text| text.replace("sqlite:gateway.db", "mysql:gateway"));
        let told = serve_fails(&jp.dir, 2).await;
        assert!(told.contains("sqlite:PATH"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_gateway_starts_again_after_a_kill_though_its_socket_lies_there() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        let mut first: Running = jp.serve().ready().await;
        first.kill();
        assert!(jp.gateway_dir().join("operator.sock").exists(), "nothing is left to be in the way");
        let mut second = jp.serve().ready().await;
        assert_eq!(jp.status().await["party"], "JP");
        assert!(second.stop().await.success());
        assert!(second.out().contains("ready"));
    })
    .await;
}

/// What `desk serve` says when it ends at once.
async fn desk_fails(dir: &Path, code: i32) -> String {
    run(&program("desk"), &["serve", "--dir", dir.to_str().unwrap(), "--output", "json"]).await.failed(code)
}

#[tokio::test]
async fn a_desk_that_cannot_start_says_why_as_a_gateway_does() {
    bounded(async {
        let (_folder, jp) = one_state().await;
        let folder = jp.desk_dir("central");
        let told = desk_fails(&jp.dir, 10).await;
        assert!(told.contains("desk.toml"), "{told}");

        let config = folder.join("desk.toml");
        rewrite(&config, |text| text + "colour = \"blue\"\n");
        let told = desk_fails(&folder, 2).await;
        assert!(told.contains("colour") && told.contains("desk.toml"), "{told}");
        rewrite(&config, |text| text.replace("colour = \"blue\"\n", ""));

        let passphrase = fs::read_to_string(folder.join("passphrase")).unwrap();
        fs::write(folder.join("passphrase"), "a-passphrase-of-another-desk\n").unwrap();
        let told = desk_fails(&folder, 7).await;
        assert!(told.contains("passphrase") && !told.contains("another-desk"), "{told}");
        fs::remove_file(folder.join("passphrase")).unwrap();
        let told = desk_fails(&folder, 4).await;
        assert!(told.contains(folder.join("passphrase").to_str().unwrap()), "{told}");
        fs::write(folder.join("passphrase"), passphrase).unwrap();

        // Without its gateway a desk starts, for drafting; a second one on its folder does not.
        let mut desk = jp.serve_desk("central").ready().await;
        let told = desk_fails(&folder, 11).await;
        assert!(told.contains("another process"), "{told}");
        assert!(desk.stop().await.success());
        let told = run(&program("desk"), &["status", "--dir", folder.to_str().unwrap()]).await.failed(8);
        assert!(told.contains("desk serve"), "{told}");
    })
    .await;
}
