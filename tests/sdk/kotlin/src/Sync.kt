/*
 * Sync for the Realm Kotlin SDK, as far as a device under test needs it.
 *
 * The SDK's object model (library-base) and its native client, sync included (cinterop), come from Maven Central as
 * published. Its Kotlin layer over the sync part (library-sync) does not: Maven Central answers 404 for it. This file
 * stands in its place, on the same calls of the native client: the app and its users, the HTTP transport, and a
 * configuration that makes an ordinary Realm a synced one. What goes over the network is the native client's work.
 */

import io.realm.kotlin.Realm
import io.realm.kotlin.RealmConfiguration
import io.realm.kotlin.internal.InternalConfiguration
import io.realm.kotlin.internal.RealmImpl
import io.realm.kotlin.internal.interop.AppCallback
import io.realm.kotlin.internal.interop.CoreError
import io.realm.kotlin.internal.interop.FrozenRealmPointer
import io.realm.kotlin.internal.interop.LiveRealmPointer
import io.realm.kotlin.internal.interop.NativePointer
import io.realm.kotlin.internal.interop.RealmAppPointer
import io.realm.kotlin.internal.interop.RealmConfigurationPointer
import io.realm.kotlin.internal.interop.RealmCredentialsPointer
import io.realm.kotlin.internal.interop.RealmInterop
import io.realm.kotlin.internal.interop.RealmSyncSessionPointer
import io.realm.kotlin.internal.interop.RealmUserPointer
import io.realm.kotlin.internal.interop.SchemaMode
import io.realm.kotlin.internal.interop.SyncAfterClientResetHandler
import io.realm.kotlin.internal.interop.SyncBeforeClientResetHandler
import io.realm.kotlin.internal.interop.SyncConnectionParams
import io.realm.kotlin.internal.interop.SyncErrorCallback
import io.realm.kotlin.internal.interop.SyncSessionTransferCompletionCallback
import io.realm.kotlin.internal.interop.realmc
import io.realm.kotlin.internal.interop.sync.AppError
import io.realm.kotlin.internal.interop.sync.MetadataMode
import io.realm.kotlin.internal.interop.sync.NetworkTransport
import io.realm.kotlin.internal.interop.sync.Response
import io.realm.kotlin.internal.interop.sync.ResponseCallback
import io.realm.kotlin.internal.interop.sync.SyncError
import io.realm.kotlin.internal.interop.sync.SyncSessionResyncMode
import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit

/** The native client's app: where its server is and who is signed in. */
class App(appId: String, baseUrl: String, directory: String) {
    private val app: RealmAppPointer

    init {
        val config = RealmInterop.realm_app_config_new(
            appId,
            RealmInterop.realm_network_transport_new(Transport()),
            baseUrl,
            SyncConnectionParams(
                SDK_VERSION, "", System.getProperty("os.version"), "", "",
                SyncConnectionParams.Runtime.JVM, System.getProperty("java.version"),
            ),
        )
        File(directory).mkdirs()
        RealmInterop.realm_app_config_set_base_file_path(config, directory)
        RealmInterop.realm_app_config_set_metadata_mode(config, MetadataMode.RLM_SYNC_CLIENT_METADATA_MODE_PLAINTEXT)
        val client = RealmInterop.realm_app_config_get_sync_client_config(config)
        RealmInterop.realm_sync_client_config_set_default_binding_thread_observer(client, appId)
        RealmInterop.realm_sync_client_config_set_user_agent_binding_info(client, "RealmKotlin/$SDK_VERSION")
        app = RealmInterop.realm_app_get(config, directory)
    }

    /** Registers an e-mail address, or fails with [AppException]. */
    fun register(email: String, password: String) {
        await<Unit> { RealmInterop.realm_app_email_password_provider_client_register_email(app, email, password, it) }
    }

    /** Signs in, or fails with [AppException]. */
    fun signIn(credentials: RealmCredentialsPointer): RealmUserPointer =
        await { RealmInterop.realm_app_log_in_with_credentials(app, credentials, it) }

    /** The user an earlier run of this device signed in as. */
    fun currentUser(): RealmUserPointer? = RealmInterop.realm_app_get_current_user(app)

    /** Makes every session that waits before its next try to connect try at once. */
    fun reconnect() = RealmInterop.realm_app_sync_client_reconnect(app)

    private fun <T : Any> await(call: (AppCallback<T>) -> Unit): T {
        val answer = CompletableFuture<T>()
        call(object : AppCallback<T> {
            override fun onSuccess(result: T) {
                answer.complete(result)
            }

            override fun onError(error: AppError) {
                answer.completeExceptionally(AppException(error))
            }
        })
        return answer.orFail(60_000)
    }
}

/** An answer of the HTTP API that was not a success. */
class AppException(val error: AppError) : Exception("${error.message} (${error.code.description}, HTTP ${error.httpStatusCode})")

/** What a session does when the server asks for a client reset. */
enum class ClientReset(val mode: SyncSessionResyncMode) {
    MANUAL(SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_MANUAL),
    DISCARD(SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_DISCARD_LOCAL),
    RECOVER(SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_RECOVER),
    RECOVER_OR_DISCARD(SyncSessionResyncMode.RLM_SYNC_SESSION_RESYNC_MODE_RECOVER_OR_DISCARD),
}

/** What a synced Realm tells its app; called on the native client's threads. */
interface SyncListener {
    fun onError(error: SyncError)
    fun beforeReset()
    fun afterReset(recovered: Boolean)
}

/** An ordinary configuration whose Realm is synced: the Realm at [partition] (extended JSON), as [user]. */
class SyncConfiguration(
    private val local: InternalConfiguration,
    private val user: RealmUserPointer,
    private val partition: String,
    private val reset: ClientReset,
    private val listener: SyncListener,
) : InternalConfiguration by local, RealmConfiguration {
    override val deleteRealmIfMigrationNeeded: Boolean get() = false

    override fun createNativeConfiguration(): RealmConfigurationPointer {
        val sync = RealmInterop.realm_sync_config_new(user, partition)
        RealmInterop.realm_sync_config_set_error_handler(sync, SyncErrorCallback { _, error -> listener.onError(error) })
        RealmInterop.realm_sync_config_set_resync_mode(sync, reset.mode)
        System.getenv("ROS_DEVICE_CA")?.let { realmc.realm_sync_config_set_ssl_trust_certificate_path(sync.address(), it) }
        RealmInterop.realm_sync_config_set_before_client_reset_handler(
            sync,
            object : SyncBeforeClientResetHandler {
                override fun onBeforeReset(realmBefore: FrozenRealmPointer) = listener.beforeReset()
            },
        )
        RealmInterop.realm_sync_config_set_after_client_reset_handler(
            sync,
            object : SyncAfterClientResetHandler {
                override fun onAfterReset(realmBefore: FrozenRealmPointer, realmAfter: LiveRealmPointer, didRecover: Boolean) =
                    listener.afterReset(didRecover)
            },
        )
        return local.createNativeConfiguration().also {
            // As in every SDK, a synced Realm may have classes and properties that this app does not know.
            RealmInterop.realm_config_set_schema_mode(it, SchemaMode.RLM_SCHEMA_MODE_ADDITIVE_DISCOVERED)
            RealmInterop.realm_config_set_sync_config(it, sync)
        }
    }
}

/** Where the native client has it, which the SDK keeps to itself. */
private fun NativePointer<*>.address(): Long = javaClass.getMethod("getPtr\$cinterop").invoke(this) as Long

/** The session of an open synced Realm. */
class Session(realm: Realm) {
    private val session: RealmSyncSessionPointer =
        RealmInterop.realm_sync_session_get((realm as RealmImpl).realmReference.dbPointer)

    fun pause() = RealmInterop.realm_sync_session_pause(session)

    fun resume() = RealmInterop.realm_sync_session_resume(session)

    /** Returns when the server has acknowledged every local change. */
    fun waitForUpload(timeoutMs: Long) =
        await(timeoutMs) { RealmInterop.realm_sync_session_wait_for_upload_completion(session, it) }

    /** Returns when everything the server had when asked is here. */
    fun waitForDownload(timeoutMs: Long) =
        await(timeoutMs) { RealmInterop.realm_sync_session_wait_for_download_completion(session, it) }

    private fun await(timeoutMs: Long, call: (SyncSessionTransferCompletionCallback) -> Unit) {
        val done = CompletableFuture<Unit>()
        call(object : SyncSessionTransferCompletionCallback {
            override fun invoke(error: CoreError?) {
                if (error == null) done.complete(Unit) else done.completeExceptionally(IllegalStateException(error.message))
            }
        })
        done.orFail(timeoutMs)
    }
}

/** HTTP for the native client's requests. */
private class Transport : NetworkTransport {
    override val authorizationHeaderName = "Authorization"
    override val customHeaders = emptyMap<String, String>()
    private val client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()

    override fun sendRequest(method: String, url: String, headers: Map<String, String>, body: String, callback: ResponseCallback) {
        val request = HttpRequest.newBuilder(URI(url)).timeout(Duration.ofSeconds(60))
        headers.forEach { (name, value) -> request.header(name, value) }
        val publisher = if (body.isEmpty()) HttpRequest.BodyPublishers.noBody() else HttpRequest.BodyPublishers.ofString(body)
        request.method(method.uppercase(), publisher)
        client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).whenComplete { answer, error ->
            callback.response(
                if (error != null) {
                    Response(0, TRANSPORT_ERROR, emptyMap(), error.toString())
                } else {
                    Response(answer.statusCode(), 0, answer.headers().map().mapValues { it.value.joinToString() }, answer.body())
                },
            )
        }
    }

    override fun close() = Unit
}

private fun <T> CompletableFuture<T>.orFail(timeoutMs: Long): T = try {
    get(timeoutMs, TimeUnit.MILLISECONDS)
} catch (e: java.util.concurrent.ExecutionException) {
    throw e.cause ?: e
} catch (e: java.util.concurrent.TimeoutException) {
    throw IllegalStateException("not done in $timeoutMs ms")
}

private const val SDK_VERSION = "2.3.0"
private const val TRANSPORT_ERROR = 1000
