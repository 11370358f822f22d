//! A cluster of nats-servers with JetStream, whose nodes can be killed and can lose their disks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use async_nats::jetstream::stream::{Config, Info};
use eventually::eventually;

use crate::log::{STREAM_NAME, connect_nats};
use crate::ports;
use crate::process::ChildProcess;
use crate::servers;

/// The largest message, as in the embedded nats-server.
const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;

/// A running cluster. Dropping it kills its nodes.
pub struct NatsCluster {
    dir: PathBuf,
    nodes: Vec<ClusterNode>,
}

struct ClusterNode {
    client_port: u16,
    route_port: u16,
    process: Option<ChildProcess>,
}

impl NatsCluster {
    /// Starts so many nodes with their data in `dir`.
    pub fn start(dir: &Path, nodes: usize) -> Self {
        let node = |_| ClusterNode {
            client_port: ports::find_free(),
            route_port: ports::find_free(),
            process: None,
        };
        let mut cluster = Self {
            dir: dir.to_owned(),
            nodes: (0..nodes).map(node).collect(),
        };
        for node in 0..nodes {
            cluster.start_node(node);
        }
        cluster
    }

    /// How many nodes it has.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The addresses of all nodes.
    pub fn url(&self) -> String {
        let address = |node: &ClusterNode| format!("nats://127.0.0.1:{}", node.client_port);
        let addresses: Vec<String> = self.nodes.iter().map(address).collect();
        addresses.join(",")
    }

    /// Starts a node. After a kill, it has the same name, ports and data.
    pub fn start_node(&mut self, node: usize) {
        let store = self.store_dir(node);
        if let Err(error) = std::fs::create_dir_all(&store) {
            panic!("{}: {error}", store.display());
        }
        let file = self.dir.join(format!("node{node}.conf"));
        if let Err(error) = std::fs::write(&file, self.render_config(node)) {
            panic!("{}: {error}", file.display());
        }
        let mut command = Command::new(servers::nats_program());
        command.arg("-c").arg(&file);
        let log = self.dir.join(format!("node{node}.log"));
        match ChildProcess::start(&format!("nats node {node}"), command, &log, None) {
            Ok(process) => self.nodes[node].process = Some(process),
            Err(error) => panic!("nats node {node}: {error}"),
        }
    }

    fn render_config(&self, node: usize) -> String {
        let route = |node: &ClusterNode| format!("\"nats://127.0.0.1:{}\"", node.route_port);
        let routes: Vec<String> = self.nodes.iter().map(route).collect();
        let ClusterNode {
            client_port,
            route_port,
            ..
        } = &self.nodes[node];
        format!(
            "server_name: node{node}\n\
             listen: \"127.0.0.1:{client_port}\"\n\
             max_payload: {MAX_PAYLOAD_BYTES}\n\
             cluster {{ name: test, listen: \"127.0.0.1:{route_port}\", routes: [{}] }}\n\
             jetstream {{ store_dir: \"{}\", max_memory_store: 64MB, max_file_store: 8GB }}\n",
            routes.join(", "),
            self.store_dir(node).display(),
        )
    }

    fn store_dir(&self, node: usize) -> PathBuf {
        self.dir.join(format!("node{node}"))
    }

    /// Kills a node with SIGKILL.
    pub fn kill_node(&mut self, node: usize) {
        self.nodes[node].process = None;
    }

    /// Kills a node and removes its data.
    pub fn lose_node(&mut self, node: usize) {
        self.kill_node(node);
        let store = self.store_dir(node);
        if let Err(error) = std::fs::remove_dir_all(&store) {
            panic!("{}: {error}", store.display());
        }
    }

    /// The stream, if a node leads it.
    pub async fn stream(&self) -> Result<Info> {
        let jetstream = async_nats::jetstream::new(connect_nats(&self.url()).await?);
        let stream = jetstream.get_stream(STREAM_NAME).await?;
        Ok(stream.cached_info().clone())
    }

    /// Waits until the stream has a leader; returns its node.
    pub async fn wait_for_leader(&self) -> usize {
        eventually("a node leads the stream", async || {
            let leader = self.stream().await.ok()?.cluster?.leader?;
            leader.strip_prefix("node")?.parse().ok()
        })
        .await
    }

    /// Waits until so many nodes have the stream, all of them up to date.
    pub async fn wait_until_replicated(&self, replicas: usize) {
        eventually(format!("{replicas} nodes have the stream"), async || {
            let info = self.stream().await.ok()?;
            let cluster = info.cluster?;
            let followers = cluster.replicas.iter().filter(|peer| peer.current);
            let is_complete = info.config.num_replicas == replicas
                && cluster.leader.is_some()
                && followers.count() + 1 == replicas;
            is_complete.then_some(())
        })
        .await;
    }

    /// Changes the number of replicas of the stream, as an operator can.
    pub async fn set_replicas(&self, replicas: usize) -> Result<()> {
        let config = Config {
            num_replicas: replicas,
            ..self.stream().await?.config
        };
        let jetstream = async_nats::jetstream::new(connect_nats(&self.url()).await?);
        jetstream
            .update_stream(config)
            .await
            .context("the stream cannot be changed")?;
        Ok(())
    }
}
