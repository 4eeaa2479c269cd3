//! Generates the wire types and services from `rogatory/**.proto`, without a protoc on the machine.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = [
        "rogatory/types/v1/types.proto",
        "rogatory/peer/v1/peer.proto",
        "rogatory/desk/v1/submission.proto",
        "rogatory/desk/v1/case.proto",
        "rogatory/desk/v1/drafting.proto",
        "rogatory/desk/v1/statistics.proto",
        "rogatory/desk/v1/webhook.proto",
        "rogatory/desk/v1/responder.proto",
        "rogatory/desk/v1/evidence.proto",
        "rogatory/desk/v1/attachment.proto",
        "rogatory/operator/v1/operator.proto",
    ];
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}
